import type { ButtonHTMLAttributes } from 'react'

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly tone?: 'primary' | 'quiet'
}

export function Button({ tone, className, ...rest }: ButtonProps) {
  return <button type="button" {...rest} className={['button', className].filter(Boolean).join(' ')} data-tone={tone} />
}
