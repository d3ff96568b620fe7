#!/usr/bin/env node
/** The power-cut simulator, see docs/power-cut.md; `npm run build` makes it. */
import '../../dist/evidence/power-cut/main.js'
