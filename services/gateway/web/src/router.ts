/** Which page an address shows; without a login it is the login page. */
import { createRouter, createWebHistory, type RouterHistory } from 'vue-router'
import LoginPage from './pages/LoginPage.vue'
import SchedulesPage from './pages/SchedulesPage.vue'
import { token } from './state/session'

export function pageRouter(history: RouterHistory = createWebHistory()) {
  const router = createRouter({
    history,
    routes: [
      { path: '/login', name: 'login', component: LoginPage },
      { path: '/schedules', name: 'schedules', component: SchedulesPage },
      { path: '/:rest(.*)*', redirect: { name: 'schedules' } },
    ],
  })
  router.beforeEach((to) => {
    if (to.name === 'login') return token.value === null || { name: 'schedules' }
    return token.value !== null || { name: 'login', query: { next: to.fullPath } }
  })
  return router
}
