import { errorAnswer, jsonAnswer, realAnswer, type AnswerSetting, type WireAnswer } from './real-answers.ts'

export interface FileOptions {
  /** Texts of files of every repository on its branch `main`, by path. Default: none. */
  files?: Record<string, string>
  /** Other branches with the same files. */
  branches?: string[]
  /** File names of workflows that somebody disabled. */
  disabled_workflows?: string[]
  /** How a workflow that is not active is, instead of `disabled_manually`. */
  disabled_state?: string
  /** Changes what `GET /repos/{owner}/{repo}` says of every repository. */
  repository_fields?: Record<string, unknown>
  /** Headers of what `GET /repos/{owner}/{repo}` answers, such as those about the token. */
  repository_headers?: Record<string, string>
}

const FOLDER = '.github/workflows/'

/** What a path asks for below `/contents/`, or the name of a workflow. */
export interface Asking {
  path: string
  ref: string | null
}

/** The files of repositories: only what a doctor reads of them. */
export class Files {
  readonly options: FileOptions

  constructor(options: FileOptions) {
    this.options = options
  }

  /** `GET …/contents/{path}`: a file in base64, or the list of a folder. */
  contents({ path, ref }: Asking, setting: AnswerSetting): WireAnswer {
    const { files = {}, branches = [] } = this.options
    if (ref !== null && !['main', ...branches].includes(ref))
      return errorAnswer(404, `No commit found for the ref ${ref}`)
    const text = files[path]
    if (text !== undefined)
      return jsonAnswer(200, {
        type: 'file',
        encoding: 'base64',
        name: path.split('/').at(-1),
        path,
        content: Buffer.from(text).toString('base64').replace(/.{60}/g, '$&\n'),
      })
    const inside = Object.keys(files).filter((file) => file.startsWith(`${path}/`))
    if (inside.length === 0) return realAnswer('not-found', setting)
    return jsonAnswer(
      200,
      inside.map((file) => ({ type: 'file', name: file.slice(path.length + 1), path: file })),
    )
  }

  /** `GET …/actions/workflows`: on one page. */
  workflows(): WireAnswer {
    const paths = Object.keys(this.options.files ?? {}).filter((path) => path.startsWith(FOLDER))
    const workflows = paths.map((path) => this.#described(path.slice(FOLDER.length)))
    return jsonAnswer(200, { total_count: workflows.length, workflows })
  }

  /** `GET …/actions/workflows/{workflow_id}`. */
  workflow(name: string, setting: AnswerSetting): WireAnswer {
    const { files = {} } = this.options
    if (files[`${FOLDER}${name}`] === undefined) return realAnswer('not-found', setting)
    return jsonAnswer(200, this.#described(name))
  }

  #described(name: string) {
    const { disabled_workflows = [], disabled_state = 'disabled_manually' } = this.options
    const state = disabled_workflows.includes(name) ? disabled_state : 'active'
    return { id: 161335, name, path: `${FOLDER}${name}`, state }
  }
}
