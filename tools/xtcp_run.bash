# SPDX-License-Identifier: GPL-2.0
#
# Completion of xtcp_run(1), xtcp_trial(1) and xtcp_who(1) in bash.

# Services of systemd that begin with $cur.
_xtcp_units()
{
	COMPREPLY=($(compgen -W "$(systemctl list-unit-files --type=service \
		--no-legend --no-pager 2>/dev/null | cut -d ' ' -f 1)" -- "$cur"))
}

_xtcp_run()
{
	local cur prev words cword
	_init_completion || return

	case ${words[1]} in
	--systemd)
		if [ "$cword" = 2 ]; then
			_xtcp_units
		elif [ "$cword" = 3 ]; then
			COMPREPLY=($(compgen -W --off -- "$cur"))
		fi
		return ;;
	--cgroup)
		if [ "$cword" = 2 ]; then
			[ -n "$cur" ] || cur=/sys/fs/cgroup/
			_filedir -d
		elif [ "$cword" = 3 ]; then
			COMPREPLY=($(compgen -W --off -- "$cur"))
		fi
		return ;;
	-- | --seccomp)
		_command_offset 2
		return ;;
	esac
	if [ "$cword" = 1 ] && [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W '--cgroup --seccomp --systemd --help --version --' -- "$cur"))
		return
	fi
	_command_offset 1
} &&
	complete -F _xtcp_run xtcp_run

_xtcp_trial()
{
	local cur prev words cword i
	_init_completion || return

	for ((i = 1; i < cword; i++)); do
		if [ "${words[i]}" = -- ]; then
			_command_offset $((i + 1))
			return
		fi
	done
	case $prev in
	--json | --svg) _filedir ;;
	--blocks | --http | --probe | --rate | --seed | --settle | --slice | --timeout | --via) ;;
	*)
		if [[ $cur == -* ]]; then
			COMPREPLY=($(compgen -W '--blocks --control --help --http --json --probe --rate
				--seed --settle --slice --svg --timeout --via --' -- "$cur"))
		else
			_xtcp_units
		fi ;;
	esac
} &&
	complete -F _xtcp_trial xtcp_trial

complete -W '' xtcp_who
