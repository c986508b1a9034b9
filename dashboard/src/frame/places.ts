/** Responsible for the list of places that the rail, the palette and the keyboard shortcuts lead to. */

export const places = [
  { to: '/', name: 'Home', key: 'h', icon: 'home' },
  { to: '/chat', name: 'Chat', key: 'c', icon: 'chat' },
  { to: '/jobs', name: 'Jobs', key: 'j', icon: 'jobs' },
  { to: '/reviews', name: 'Reviews', key: 'r', icon: 'reviews' },
  { to: '/work', name: 'My work', key: 'm', icon: 'work' },
  { to: '/workers', name: 'Workers', key: 'w', icon: 'workers' },
  { to: '/schedules', name: 'Schedules', key: 's', icon: 'schedules' },
  { to: '/audit', name: 'Audit', key: 'a', icon: 'audit' },
  { to: '/settings', name: 'Settings', key: 'e', icon: 'settings' },
] as const
export type Icon = (typeof places)[number]['icon'] | 'stop' | 'search'
