// `npm run recording`: runs `puretls cert`, `connect`, `trace` and `scan` against a server on loopback, and writes what
// a terminal showed as docs/images/command.svg, for README.md, and docs/images/command.cast, for asciinema. Keys, dates
// and durations are those of the run, and so differ in the next. `--stills FOLDER` writes a picture of each scene too.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { castOf } from './recording/cast.ts'
import { recordScenes } from './recording/scenes.ts'
import { svgOf } from './recording/svg.ts'
import { COLUMNS, timed } from './recording/timing.ts'

const scenes = timed(await recordScenes(COLUMNS))
const images = new URL('../docs/images/', import.meta.url)
mkdirSync(images, { recursive: true })
writeFileSync(new URL('command.svg', images), svgOf(scenes))
writeFileSync(new URL('command.cast', images), castOf(scenes))
const [option, folder] = process.argv.slice(2)
if (option === '--stills' && folder !== undefined)
  for (const index of scenes.keys()) writeFileSync(join(folder, `scene-${index}.svg`), svgOf(scenes, index))
console.log(`docs/images/command.svg and command.cast: ${scenes.length} scenes, ${scenes.at(-1)?.end.toFixed(0)} s`)
