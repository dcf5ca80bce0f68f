import { answerQuestions } from './desk.ts'
import { views } from './views.ts'

// Entry of the process that shows samples, pictures and models: native code runs here, never beside the store.
answerQuestions(views)
