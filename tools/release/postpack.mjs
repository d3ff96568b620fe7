#!/usr/bin/env node
/** npm runs this after it packed a package (script `postpack`, in the package's folder): the README is again that of the checkout. */
import { basename } from 'node:path'
import { restoreReadme } from './registry-readme.mjs'

restoreReadme(basename(process.cwd()))
