import '@fontsource-variable/inter/wght.css'
import './style.css'
import './sheet.css'
import { createApp } from 'vue'
import App from './App.vue'
import { pageRouter } from './router'

createApp(App).use(pageRouter()).mount('#app')
