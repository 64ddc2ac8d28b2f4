import { readdirSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import type { Metric } from './exposition.ts'

/** Returns what the process itself shows, under the names that Prometheus' own clients use. Nothing runs in between. */
export function processMetrics(): Metric[] {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  const files = openFiles()
  return [
    gauge('process_start_time_seconds', 'When the process started.', performance.timeOrigin / 1_000),
    {
      name: 'process_cpu_seconds_total',
      help: 'CPU time of the process, user and system.',
      type: 'counter',
      samples: [{ value: (user + system) / 1e6 }],
    },
    gauge('process_resident_memory_bytes', 'Resident memory of the process.', rss),
    gauge('nodejs_heap_size_used_bytes', "Memory in use in the heap of Node.js' main thread.", heapUsed),
    {
      name: 'nodejs_eventloop_active_seconds_total',
      help: 'How long the event loop of the main thread was not idle: its rate is the share of the time.',
      type: 'counter',
      samples: [{ value: performance.eventLoopUtilization().active / 1_000 }],
    },
    ...(files === null ? [] : [gauge('process_open_fds', 'Open files and connections.', files)]),
  ]
}

const gauge = (name: string, help: string, value: number): Metric => ({
  ...{ name, help, type: 'gauge' },
  samples: [{ value }],
})

/** Linux alone tells. */
function openFiles(): number | null {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return null
  }
}
