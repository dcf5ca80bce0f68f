import type { Command, CommanderError } from 'commander'
import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { Say } from './texts/texts.ts'

/** What commander refused, in our words and with the nearest names. */
export function commandLineFault(error: CommanderError, argv: readonly string[], program: Command, say: Say): Fault {
  const command = commandOf(argv, program)
  const name = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  const seeHelp = say('fault.see-help', { verb: pathOf(command) })
  switch (error.code) {
    case 'commander.unknownCommand':
      return new Fault({ code: 'input.unknown-verb', what: say('fault.unknown-verb', { name }), next: didYouMean(name, verbsOf(command)) })
    case 'commander.unknownOption':
      return new Fault({ code: 'input.unknown-option', what: say('fault.unknown-option', { name }), next: didYouMean(name, optionsOf(command)) })
    case 'commander.missingArgument':
      return new Fault({ code: 'input.missing-argument', what: say('fault.missing-argument', { name }), next: seeHelp })
    case 'commander.missingMandatoryOptionValue':
      return new Fault({ code: 'input.missing-option', what: say('fault.missing-option', { name }), next: seeHelp })
    case 'commander.optionMissingArgument':
      return new Fault({ code: 'input.missing-value', what: say('fault.missing-value', { name }), next: seeHelp })
    case 'commander.excessArguments':
      return new Fault({
        code: 'input.too-many-arguments', what: say('fault.too-many'), where: /got \d+: (.*)\.$/.exec(error.message)?.[1], next: seeHelp,
      })
    default:
      return new Fault({ code: 'input.command-line', what: error.message.replace(/^error: /, ''), next: seeHelp })
  }
}

/** The command that the words lead to, as deep as they are known. */
function commandOf(argv: readonly string[], program: Command): Command {
  let command = program
  for (const word of argv) command = command.commands.find((sub) => sub.name() === word) ?? command
  return command
}

const pathOf = (command: Command): string => (command.parent ? `${pathOf(command.parent)}${command.name()} ` : '')

const verbsOf = (command: Command): string[] => command.commands.map((sub) => sub.name())

const optionsOf = (command: Command): string[] => [
  ...command.options.map((option) => option.long ?? option.flags),
  ...(command.parent ? optionsOf(command.parent) : ['--help']),
]
