import type { open as en } from '../en/open.ts'

export const open: Readonly<Record<keyof typeof en, string>> = {
  'open.title': '打开 {{file}}',
  'open.aside': '此窗口正在准备使用 {{model}} 的项目。新建项目会将其搁置；已运行的结果保留在历史记录中。',
  'open.begin': '新建项目',
  'open.again': '重试',
  'open.keep': '保留当前项目',
}
