import { ThreeBarsIcon } from '@primer/octicons-react'
import { Button, IconButton } from '@primer/react'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { linkTo, useRoute } from '../lib/route.ts'
import type { Session } from '../lib/types.ts'
import { PAGES } from '../pages.ts'

/** Frames every page with the name, who is signed in, and the way to the other pages. */
export function Frame(props: { session: Session; onSignOut: () => void; children: ReactNode }) {
  const { session, onSignOut, children } = props
  const { path } = useRoute()
  const [open, setOpen] = useState(false)
  const main = useRef<HTMLElement>(null)
  useEffect(() => {
    setOpen(false)
    window.scrollTo(0, 0)
  }, [path])
  return (
    <div className="frame">
      <a
        className="skip"
        href={linkTo(path)}
        onClick={(event) => {
          event.preventDefault()
          main.current?.focus()
        }}
      >
        Skip to the page
      </a>
      <header className="bar">
        <IconButton
          className="menu"
          icon={ThreeBarsIcon}
          aria-label="Navigation"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        />
        <a className="brand" href={linkTo('/')}>
          <img src="./icon.svg" alt="" width="24" height="24" /> Model Dispatch
        </a>
        <span className="who">
          <span className="who-name">
            {session.name} ({session.role})
          </span>
          <Button size="small" onClick={onSignOut}>
            Sign out
          </Button>
        </span>
      </header>
      <div className="columns">
        <nav className={open ? 'nav nav-open' : 'nav'} aria-label="Pages">
          <ul className="nav-list">
            {PAGES.flatMap(({ path: to, nav }) =>
              nav === undefined ? [] : [<Entry key={to} to={to} nav={nav} current={isWithin(path, to)} />],
            )}
          </ul>
        </nav>
        <main ref={main} tabIndex={-1}>
          {children}
        </main>
      </div>
    </div>
  )
}

function Entry(props: { to: string; nav: NonNullable<(typeof PAGES)[number]['nav']>; current: boolean }) {
  const { to, nav, current } = props
  const { icon: Icon, title } = nav
  return (
    <li>
      <a href={linkTo(to)} {...(current && { 'aria-current': 'page' as const })}>
        <Icon /> {title}
      </a>
    </li>
  )
}

const isWithin = (path: string, to: string) => path === to || (to !== '/' && path.startsWith(`${to}/`))
