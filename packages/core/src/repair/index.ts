export { isRepairable, type PlanOptions, planRepairs } from './plan-repairs.js'
export { planPrune, pruneQueue } from './prune-queue.js'
export { repairQueue } from './repair-queue.js'
export { describeRepairStep, type RepairOutcome, type RepairReport, type RepairStep, type RepairStepKind } from './repair-step.js'
