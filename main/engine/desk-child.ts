import { answerQuestions } from './desk.ts'
import { questions } from './questions.ts'

// Entry of the process that answers questions.
answerQuestions(questions)
