import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const gateway = process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:8501'

export default defineConfig({
  plugins: [vue()],
  build: {
    outDir: '../src/gateway/static',
    emptyOutDir: true,
    assetsInlineLimit: 0, // the content security policy allows no data: addresses
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': gateway, '/ws': { target: gateway, ws: true } } },
  test: { environment: 'happy-dom', restoreMocks: true },
})
