export const open = {
  'open.title': 'Open {{file}}',
  'open.aside': 'This window prepares a project with {{model}}. A new one puts it aside; what was run stays in the history.',
  'open.begin': 'Begin a new project',
  'open.again': 'Try again',
  'open.keep': 'Keep this project',
} as const
