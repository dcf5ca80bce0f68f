import { useEffect } from 'react'
import { watchSignIn } from '../client.ts'
import { FaultNotice } from '../ui/fault-notice.tsx'
import { useSay } from '../texts/texts.ts'

/** Instead of the workbench, where the server does not know this window. */
export function SignIn({ fault }: { readonly fault?: unknown }) {
  const say = useSay()
  useEffect(() => watchSignIn(() => location.reload()), [])
  return (
    <main className="sign-in">
      <img src="./icon.svg" width={40} height={40} alt="" />
      <h1>{say('sign-in.title')}</h1>
      {fault === undefined ? <p>{say('sign-in.what')}</p> : <FaultNotice fault={fault} />}
      <pre className="code">npx scalewright serve</pre>
    </main>
  )
}
