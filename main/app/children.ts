/** How the children of a program are started, for a door whose host cannot do it by `child_process.fork`. */
export { keepTail, startChildrenBy, type Child, type ChildEnd, type ChildWatch, type StartChild } from '../engine/start-child.ts'
