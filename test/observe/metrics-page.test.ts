import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { readProject, ROOT, tableUnder } from '../contract/markdown.ts'
import { startHouse } from '../regressions/receiver.ts'
import { request } from '../support/http.ts'
import { hasPromtool, promtool } from '../support/promtool.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const namesIn = (text: string) =>
  [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name, type])

describe('docs/metrics.md', () => {
  const page = readProject('docs/metrics.md')
  const rules = readProject('examples/prometheus/rules.yml')
  const queries = tableUnder(page, '## Questions').map(([, query = '']) => query.replaceAll('`', ''))
  let listed: string[][] = []
  let text = ''
  beforeAll(async () => {
    listed = tableUnder(page, '## What there is').map(([name = '', type = '']) => [
      name.replaceAll('`', ''),
      type,
    ])
    const house = await startHouse()
    await sendWandb(house.url, aliasBody())
    const until = Date.now() + 20_000
    while (!text.includes('attempts_total{') && Date.now() < until) {
      text = (await request(`${house.url}/metrics`, as(ADMIN_TOKEN))).text
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await house.close()
  })

  it('lists every metric with its type, and none that there is not', () => {
    const sorted = (all: readonly (readonly (string | undefined)[])[]) =>
      all.map((one) => one.join(' ')).sort()
    expect(sorted(namesIn(text))).toEqual(sorted(listed))
  })

  it('lists every alert of the example', () => {
    const { groups } = parse(rules) as { groups: { rules: { alert: string }[] }[] }
    const alerts = tableUnder(page, '## Alerts').map(([name = '']) => name.replaceAll('`', ''))
    expect(groups.flatMap((group) => group.rules.map(({ alert }) => alert))).toEqual(alerts)
  })

  it('asks in its rules and queries for metrics that there are', () => {
    const asked = [rules, ...queries].flatMap(
      (one) => one.match(/\b(model_dispatch|process|nodejs)_\w+/g) ?? [],
    )
    expect(asked.length).toBeGreaterThan(10)
    const known = listed.flatMap(([name = '', type]) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => `${name}${part}`) : [name],
    )
    expect(asked.filter((name) => !known.includes(name))).toEqual([])
  })

  it.runIf(hasPromtool)('has rules and queries that Prometheus takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-rules-'))
    const file = join(folder, 'rules.yml')
    for (const content of [
      rules,
      stringify({ groups: [{ name: 'q', rules: queries.map((expr, n) => ({ record: `q:${n}`, expr })) }] }),
    ]) {
      writeFileSync(file, content)
      expect(promtool(['check', 'rules', file])).toBe('')
    }
    rmSync(folder, { recursive: true })
    expect(
      promtool(['check', 'config', '--syntax-only', join(ROOT, 'examples/prometheus/prometheus.yml')]),
    ).toBe('')
  })
})

describe.runIf(hasPromtool)('an alert of the example', () => {
  const minute = { interval: '1m', evaluation_interval: '1m' }
  it.each([
    [
      'ModelDispatchDeliveryFailed',
      'model_dispatch_deliveries_total{automation="a",status="failed"}',
      '0x5 1x20',
    ],
    ['ModelDispatchTurnsWebhooksAway', 'model_dispatch_webhooks_total{source="a",status="503"}', '0x5 1x20'],
    ['ModelDispatchRefusesASource', 'model_dispatch_webhooks_total{source="a",status="401"}', '0x3 9x20'],
    ['ModelDispatchDown', 'model_dispatch_ready', '1x3 0x20'],
    ['ModelDispatchDeliveriesWait', 'model_dispatch_oldest_waiting_seconds', '0x2 1000x20'],
    ['ModelDispatchCredentialsRefused', 'model_dispatch_lanes_paused{reason="credentials"}', '0x2 1x20'],
    ['ModelDispatchConfigurationRefused', 'model_dispatch_config_refused', '1x20'],
    [
      'ModelDispatchSourceSilent',
      'model_dispatch_source_last_event_timestamp_seconds{source="a"}',
      '-700000x20',
    ],
  ])('%s is raised by what it is for', (alert, series, values) => {
    const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-alert-'))
    const file = join(folder, 'test.yml')
    const condition = `count(ALERTS{alertname="${alert}",alertstate="firing"})`
    const test = {
      ...{ interval: minute.interval, input_series: [{ series, values }] },
      promql_expr_test: [{ expr: condition, eval_time: '8m', exp_samples: [{ labels: '{}', value: 1 }] }],
    }
    const rule_files = [join(ROOT, 'examples/prometheus/rules.yml')]
    const late = alert === 'ModelDispatchConfigurationRefused'
    const content = stringify({ rule_files, evaluation_interval: minute.evaluation_interval, tests: [test] })
    writeFileSync(file, late ? content.replace('8m', '12m') : content)
    expect(promtool(['test', 'rules', file])).toBe('')
    rmSync(folder, { recursive: true })
  })
})
