const EN = {
  quit: 'A job is running',
  quitDetail: 'Quitting cancels it; the history keeps it as cancelled. Nothing that is done is lost.',
  quitNow: 'Cancel the job and quit',
  stay: 'Keep working',
  notOpened: 'Scalewright cannot open its workspace',
  windowDied: 'The window stopped working',
  windowDiedDetail: 'It stopped again and again. Jobs and the history are safe; start Scalewright again.',
} as const

export type DesktopText = keyof typeof EN

const ZH: Readonly<Record<DesktopText, string>> = {
  quit: '有任务正在运行',
  quitDetail: '退出会取消该任务，历史记录中标为已取消。已完成的内容不会丢失。',
  quitNow: '取消任务并退出',
  stay: '继续工作',
  notOpened: 'Scalewright 无法打开工作区',
  windowDied: '窗口已停止工作',
  windowDiedDetail: '窗口多次停止。任务和历史记录是安全的，请重新启动 Scalewright。',
}

/** The few words that are said outside the page, in the system's language. */
export const textsFor = (locale: string): Readonly<Record<DesktopText, string>> => (/^zh\b/i.test(locale) ? ZH : EN)
