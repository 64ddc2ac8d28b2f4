import type { Written } from '../../runtime/stored-automations.ts'
import type { Expected } from '../../store/management-records.ts'
import { ApiProblem } from '../problem.ts'

/** Returns the problem of a write that was not made. */
export function refuseWrite(done: Written, name: string, expected: Expected = 'anything'): ApiProblem {
  switch (done.outcome) {
    case 'in_file': {
      const { file, line } = done
      const where = line === null ? file : `${file}:${line}`
      const detail = `The automation "${name}" stands in ${where}: change it there, or choose another name.`
      return new ApiProblem(409, 'automation_in_file', detail, { file, line })
    }
    case 'invalid': {
      const [first] = done.problems
      const detail = `${first?.key ?? ''}: ${first?.message ?? ''}. ${first?.fix ?? ''}`
      return new ApiProblem(422, 'automation_invalid', detail.trim(), { problems: done.problems })
    }
    case 'too_many':
      return new ApiProblem(
        409,
        'too_many_automations',
        'There are 1000 already. Delete those that are not used.',
      )
    case 'unexpected':
      if (expected === 'absent')
        return new ApiProblem(
          409,
          'automation_exists',
          `There is an automation "${name}" already: PUT or PATCH it.`,
        )
      return new ApiProblem(412, 'automation_changed', CHANGED)
    default:
      return new ApiProblem(404, 'automation_not_found', `There is no automation "${name}".`)
  }
}

const CHANGED =
  'Somebody has changed or deleted it since it was read: GET it again, and send its ETag as If-Match.'
