import { describe, expect, it } from 'vitest'
import { differences, merged } from '../../dashboard/src/lib/draft.ts'
import { distanceOf } from '../../dashboard/src/lib/time.ts'
import { safeLink, visible } from '../../dashboard/src/lib/words.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOW = Date.UTC(2026, 10, 28, 12)

describe('the words of the dashboard', () => {
  it.each([
    ['https://wandb.ai/my-team', 'https://wandb.ai/my-team'],
    ['http://wandb.ai/my-team', null],
    ['javascript:alert(1)', null],
    ['JaVaScRiPt:alert(1)//https://', null],
    [' \u0000javascript:alert(1)', null],
    ['data:text/html,<script>alert(1)</script>', null],
    ['//evil.example', null],
    ['vbscript:https://x', null],
    ['', null],
    [null, null],
  ])('make of the address %j the link %j', (address, link) => {
    expect(safeLink(address)).toBe(link)
  })

  it.each([
    ['resnet\u202E50', 'resnet⟨U+202E⟩50'],
    ['a\u200Bb\uFEFF', 'a⟨U+200B⟩b⟨U+FEFF⟩'],
    ['line\u2028separator\u0000\u001b[31m', 'line⟨U+2028⟩separator⟨U+0000⟩⟨U+001B⟩[31m'],
    ['مُصنِّف-الصور 👩‍🔬 می‌خواهم', 'مُصنِّف-الصور 👩‍🔬 می‌خواهم'],
    ['two\n\tlines', 'two\n\tlines'],
  ])('show what hides in %j', (text, shown) => {
    expect(visible(text)).toBe(shown)
  })

  it.each([
    [-3_000, 'just now'],
    [5_000, 'just now'],
    [45_000, 'in 45 seconds'],
    [-MINUTE, '1 minute ago'],
    [-59.6 * MINUTE, '60 minutes ago'],
    [-3 * HOUR, '3 hours ago'],
    [49 * MINUTE, 'in 49 minutes'],
    [-26 * HOUR, 'yesterday'],
    [-90 * 24 * HOUR, 'Aug 30, 2026'],
  ])('say of a time that is %d ms away: %s', (away, words) => {
    expect(distanceOf(NOW + away, NOW)).toBe(words)
  })

  it('merge what two people changed, each setting by the one who changed it', () => {
    const base = { name: 'deploy', description: 'Old.', if: 'true', events: ['*'] }
    const mine = { name: 'deploy', description: 'Mine.', events: ['*'] }
    const theirs = { name: 'deploy', description: 'Theirs.', if: 'true', events: ['LINK_ARTIFACT'] }
    expect(differences(mine, theirs)).toEqual(['description', 'events', 'if'])
    expect(merged(base, mine, theirs)).toEqual({
      name: 'deploy',
      description: 'Mine.',
      events: ['LINK_ARTIFACT'],
    })
  })
})
