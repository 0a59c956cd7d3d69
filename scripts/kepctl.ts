#!/usr/bin/env node
/** The operator's and the auditor's command line; `kepctl --help` tells what there is. */
import { main } from './kepctl/main.ts'

process.exitCode = await main(process.argv.slice(2))
