// Rows about what grows: connections, bytes, sessions, fragments.

import type { Row } from './rows.ts'

export const scaleRows: readonly Row[] = []
