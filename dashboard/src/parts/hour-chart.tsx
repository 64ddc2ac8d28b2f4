import type { Overview } from '../lib/types.ts'

const WIDTH = 720
const HEIGHT = 160
const LEFT = 36
const BOTTOM = 20

/** Draws events and deliveries hour by hour as bars, each with a title that says its numbers. */
export function HourChart({ hours }: { hours: Overview['hours'] }) {
  const most = Math.max(1, ...hours.flatMap(({ events, succeeded, failed }) => [events, succeeded + failed]))
  const step = (WIDTH - LEFT) / Math.max(1, hours.length)
  return (
    <>
      <svg
        className="chart"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label="Events and deliveries by the hour"
      >
        <line className="axis" x1={LEFT} x2={WIDTH} y1={HEIGHT - BOTTOM} y2={HEIGHT - BOTTOM} />
        <text x={0} y={14}>
          {most.toLocaleString('en')}
        </text>
        {hours.map((hour, index) => (
          <Hour
            key={hour.at}
            hour={hour}
            x={LEFT + index * step}
            step={step}
            most={most}
            named={index % 4 === 0}
          />
        ))}
      </svg>
      <div className="legend">
        <span>
          <Swatch name="in" /> events in
        </span>
        <span>
          <Swatch name="out" /> delivered
        </span>
        <span>
          <Swatch name="bad" /> failed
        </span>
      </div>
    </>
  )
}

function Hour(props: {
  hour: Overview['hours'][number]
  x: number
  step: number
  most: number
  named: boolean
}) {
  const { x, step, most, named } = props
  const { at, events, succeeded, failed } = props.hour
  const height = (value: number) => (value / most) * (HEIGHT - BOTTOM - 8)
  const from = (value: number) => ({ y: HEIGHT - BOTTOM - height(value), width: step * 0.36 })
  return (
    <g>
      <title>{`${hourOf(at)}: ${events} in, ${succeeded} delivered, ${failed} failed`}</title>
      <rect className="in" x={x + step * 0.1} height={height(events)} {...from(events)} />
      <rect className="out" x={x + step * 0.5} height={height(succeeded)} {...from(succeeded)} />
      <rect className="bad" x={x + step * 0.5} height={height(failed)} {...from(succeeded + failed)} />
      {named && (
        <text x={x} y={HEIGHT - 5}>
          {hourOf(at)}
        </text>
      )}
    </g>
  )
}

function Swatch({ name }: { name: string }) {
  return (
    <svg className="chart" width="10" height="10" aria-hidden="true">
      <rect className={name} width="10" height="10" />
    </svg>
  )
}

const hourOf = (at: string) => `${String(new Date(at).getHours()).padStart(2, '0')}:00`
