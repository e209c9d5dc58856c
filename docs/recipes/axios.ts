// axios: its option `httpsAgent`.
import axios from 'axios'
import { Agent } from 'puretls/node'

export const client = (ca: string) => axios.create({ httpsAgent: new Agent({ ca }) })
