# SPDX-License-Identifier: GPL-2.0
#
# Completion of xtcp_run(1) and xtcp_who(1) in bash.

_xtcp_run()
{
	local cur prev words cword
	_init_completion || return

	case ${words[1]} in
	--systemd)
		if [ "$cword" = 2 ]; then
			COMPREPLY=($(compgen -W "$(systemctl list-unit-files --type=service \
				--no-legend --no-pager 2>/dev/null | cut -d ' ' -f 1)" -- "$cur"))
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

complete -W '' xtcp_who
