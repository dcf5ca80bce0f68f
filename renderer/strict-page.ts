import { config } from 'zod/v4/core'

// The page's policy forbids code made from text. Unless they are told so before the first of them is made, the checks of the
// contract would try it once, and the browser would complain. Therefore main.tsx imports this before everything else.
config({ jitless: true })
