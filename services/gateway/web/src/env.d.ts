declare module '*.css'
declare module '@fontsource-variable/inter/wght.css'

// For tools that read TypeScript alone; vue-tsc resolves the component itself.
declare module '*.vue' {
  import type { DefineComponent } from 'vue'
  const component: DefineComponent
  export default component
}
