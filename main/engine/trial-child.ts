import { answerQuestions } from './desk.ts'
import { trials } from './trials.ts'

// Entry of the process that measures trials: native code runs here, never beside the store.
answerQuestions(trials)
