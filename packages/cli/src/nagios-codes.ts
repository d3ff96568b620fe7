/** Exit codes of `check --nagios-codes`, where monitoring systems take others than those of every command. */
export const NAGIOS_WARNING = 1
/** The check could not look. */
export const NAGIOS_UNKNOWN = 3
