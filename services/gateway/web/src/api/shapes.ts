/** What the gateway's REST API answers: the fields this page reads. */

export type RunStatus =
  | 'pending'
  | 'queued'
  | 'running'
  | 'success'
  | 'partial'
  | 'failed'
  | 'cancelled'
  | 'interrupted'
  | 'timed_out'
  | 'skipped'

export type Spec =
  | { type: 'cron'; cron: string; timezone: string }
  | { type: 'every'; every: string }
  | { type: 'at'; at: string }

export interface Schedule {
  id: string
  name: string
  kind: 'benchmark' | 'agent' | 'job'
  enabled: boolean
  models: string[] | null
  agent_name: string | null
  job_key: string | null
  job: { key: string; display_name: string | null } | null
  interval_hours: number | null
  interval_minutes: number | null
  cron_expression: string | null
  timezone: string | null
  spec: Spec | null
  created_at: string
  last_run: string | null
  next_run: string | null
  last_run_id: string | null
  last_run_status: RunStatus | null
}

export interface Result {
  provider: string
  model: string
  model_id: string
  success: boolean
  error: string | null
  ttft_ms: number | null
  latency_ms: number | null
  input_tokens: number | null
  output_tokens: number | null
  output_speed_tps: number | null
}

export interface Target {
  provider: string
  model: string
  display_name: string | null
}

export interface Run {
  id: string
  status: RunStatus
  triggered_by: string
  schedule_id: string | null
  schedule_name: string | null
  created_at: string
  started_at: string | null
  completed_at: string | null
  waits_for: string[]
  error: string | null
  targets: Target[]
  results: Result[]
}

export interface Page<Item> {
  items: Item[]
  next: string | null
  position: number
}

export interface Config {
  providers: Record<
    string,
    {
      display_name: string | null
      has_key?: boolean | null
      models: { id: string; display_name?: string | null }[]
    }
  >
}

export interface User {
  id: string
  email: string
  role: string
}

export interface NewSchedule {
  name: string
  prompt: string
  models: string[]
  max_tokens?: number
  temperature?: number
  interval_hours?: number
  cron_expression?: string
  timezone?: string
}

export interface FieldError {
  field: string
  message: string
}
