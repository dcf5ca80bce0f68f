import { useState, type ReactNode } from 'react'
import { Link } from 'react-router'
import { call, type RecipeJson } from '../client.ts'
import { useSay, type TextKey } from '../texts/texts.ts'
import { Button } from '../ui/button.tsx'
import { Empty } from '../ui/empty.tsx'
import { beginProject } from './project.ts'

interface NoModelProps {
  readonly label: TextKey
  readonly title: TextKey
  readonly what: TextKey
  readonly choose: TextKey
  readonly bundled: TextKey
  readonly className?: string
  /** The recipe that a project is begun with; absent: that of the bundled project. */
  readonly recipe?: () => Promise<RecipeJson>
  /** Drawn above the words. */
  readonly children?: ReactNode
}

const bundledRecipe = async (): Promise<RecipeJson> => (await call('recipe.bundled', {})).recipe

/** A place that has nothing to show before there is a model: the ways to one. */
export function NoModel({ label, title, what, choose, bundled, className = '', recipe = bundledRecipe, children }: NoModelProps) {
  const say = useSay()
  const [fault, setFault] = useState<unknown>(null)
  return (
    <Empty title={say(title)} what={say(what)} label={say(label)} className={className} picture={children} fault={fault}>
      <Link className="button" data-tone="primary" to="/model?choose=1">{say(choose)}</Link>
      <Button onClick={() => void recipe().then((begun) => beginProject({ recipe: begun }), setFault)}>{say(bundled)}</Button>
    </Empty>
  )
}
