# bash completion for openletter

# The workspace that the command line names, as arguments.
_openletter_at()
{
	local i

	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -C ]]; then
			printf '%s\n' -C "${COMP_WORDS[i + 1]/#\~/$HOME}"
			return
		fi
	done
}

_openletter_run()
{
	local at

	mapfile -t at < <(_openletter_at)
	"${COMP_WORDS[0]/#\~/$HOME}" "${at[@]}" "$@" 2>/dev/null
}

# First column of a listing; the names in it hold no quotes or commas.
_openletter_first_column()
{
	_openletter_run "$@" --format csv | tail -n +2 | cut -d, -f1
}

# The folder of the workspace.
_openletter_dir()
{
	local at dir

	mapfile -t at < <(_openletter_at)
	dir=${at[1]:-$OPENLETTER_DIR}
	if [[ $dir ]]; then
		printf '%s\n' "$dir"
		return
	fi
	dir=$PWD
	while [[ $dir && ! -e $dir/openletter.conf ]]; do
		dir=${dir%/*}
	done
	printf '%s\n' "$dir"
}

_openletter_lists()
{
	local file

	for file in "$(_openletter_dir)"/recipients/*.csv; do
		[[ -e $file ]] || continue
		file=${file##*/}
		printf '%s\n' "${file%.csv}"
	done
}

_openletter_accounts()
{
	sed -n 's/^[[:space:]]*\[smtp  *\(.*\)\].*/\1/p' \
		"$(_openletter_dir)/openletter.conf" 2>/dev/null
}

# Completes the last of several values that are separated by commas.
_openletter_comma()
{
	local word=$1 front=

	[[ $word == *,* ]] && front=${word%,*},
	compgen -P "$front" -W "$2" -- "${word##*,}"
}

# Values of an option. Returns 1 when the option takes none.
_openletter_value()
{
	local verb=$1 option=$2 word=$3 words=

	case $option in
	-C | --outbox)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return 0
		;;
	--to)
		compopt -o nospace 2>/dev/null
		mapfile -t COMPREPLY < <(
			_openletter_comma "$word" "$(_openletter_lists)")
		return 0
		;;
	--format)
		words='table csv json jsonl'
		[[ $verb == preview ]] && words='text html eml'
		[[ $verb == resume ]] && words='table jsonl'
		[[ $verb == export ]] && words='table csv json jsonl osdi html pdf'
		;;
	--as) words='person organisation' ;;
	--visibility) words='public recipient count' ;;
	--audience) words='public recipient organisers' ;;
	--encoding)
		words='utf-8 utf-16 utf-16le utf-16be windows-1256
			windows-1252 latin-1'
		;;
	--delimiter) words="tab , ;" ;;
	--rest) words=resend ;;
	--paper) words='a4 letter' ;;
	--log | --file)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -X '!*.csv' -- "$word"
			compgen -d -- "$word")
		return 0
		;;
	--account) words=$(_openletter_accounts) ;;
	--attach-signatures) words='csv html' ;;
	--by)
		words='country day week language organisation source visibility
			state'
		;;
	--state)
		words='queued claimed sending sent deferred rejected unknown
			suppressed cancelled bounced'
		case $verb in
		confirm) words='pending expired' ;;
		withdraw | reject) words='pending confirmed' ;;
		esac
		;;
	--filter) words=$(_openletter_first_column filters) ;;
	--recipient | --lang | --name | --email | --organisation | --role | \
		--country | --city | --postcode | --comment | --source | \
		--map | --limit | --when | --every | --test | --since | --until | --column | \
		--status | --at | --older-than | --remove | --domain | \
		--batch | --save) ;;
	*) return 1 ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

_openletter_options()
{
	local common='-C --format --quiet --verbose --help'

	case $1 in
	'') echo "$common --version" ;;
	check) echo "$common --server --account --store --mend" ;;
	suppress) echo "$common --file --remove --yes" ;;
	erase)
		echo "$common --name --as --organisation --country" \
			"--postcode --dry-run --yes"
		;;
	forget) echo "$common --older-than --closed --dry-run --yes" ;;
	preview) echo "$common --recipient --lang" ;;
	sign)
		echo "$common --name --email --as --organisation --role" \
			"--country --city --postcode --comment --lang" \
			"--visibility --updates --pending --desk"
		;;
	import)
		echo "$common --source --map --encoding --delimiter --dry-run"
		;;
	revoke) echo "$common --dry-run --yes" ;;
	confirm | withdraw | reject)
		echo "$common --name --domain --source --batch --since" \
			"--until --state --filter --save --dry-run --yes"
		;;
	send)
		echo "$common --to --for-signers --to-signers --account" \
			"--limit --at --wait --again --when --every" \
			"--attach-signatures --dry-run --test --outbox --yes"
		;;
	resume) echo "$common --limit --wait --yes" ;;
	resolve)
		echo "$common --sent --resend --log --column --status --rest" \
			"--yes"
		;;
	log) echo "$common --state --since" ;;
	count) echo "$common --by --since --until --chart --lang" ;;
	export) echo "$common --audience --lang --bom --recipient --paper" ;;
	*) echo "$common" ;;
	esac
}

# Arguments that are not options; place counts them from 1, the fourth is the
# first of them.
_openletter_argument()
{
	local verb=$1 place=$2 word=$3 words=

	case $verb:$place in
	backup:1)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	init:1)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	import:2)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -X '!*.csv' -- "$word"
			compgen -d -- "$word")
		return
		;;
	check:* | letters:1 | preview:1)
		words=$(_openletter_first_column letters)
		;;
	sign:1 | import:1 | batches:1 | duplicates:1 | confirm:1 | \
		withdraw:1 | reject:1 | send:1 | count:1 | export:1 | \
		erase:1 | forget:1)
		# Those that can be signed and sent, without other documents.
		words=$(_openletter_first_column count)
		;;
	revoke:1) words=$(_openletter_first_column batches) ;;
	undo:1) words=$(_openletter_first_column undo) ;;
	resolve:1 | resume:1 | pause:1 | cancel:1 | status:1 | log:1)
		words=$(_openletter_first_column status)
		;;
	resolve:*)
		words="all $(_openletter_run resolve "$4" \
			--format csv | tail -n +2 | cut -d, -f2)"
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

_openletter()
{
	local word=${COMP_WORDS[COMP_CWORD]} verb= first= i place=0
	local before=${COMP_WORDS[COMP_CWORD - 1]}
	local verbs='init letters check preview sign import batches duplicates
		revoke confirm withdraw reject undo filters expire suppress
		erase forget send resume pause cancel resolve status log count
		export backup'

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-C | --format | --to | --as | --visibility | --audience | \
			--account | --by | --state | --recipient | --lang | \
			--name | --email | --organisation | --role | \
			--country | --city | --postcode | --comment | \
			--source | --map | --encoding | --delimiter | --limit | \
			--when | --every | --attach-signatures | --test | \
			--since | --until | --at | \
			--outbox | --log | --column | --status | --rest | \
			--paper | --file | --remove | --older-than | \
			--domain | --batch | --filter | --save)
			((i++))
			;;
		-*) ;;
		*)
			if [[ $verb ]]; then
				((place++))
				[[ $first ]] || first=${COMP_WORDS[i]}
			else
				verb=${COMP_WORDS[i]}
			fi
			;;
		esac
	done

	_openletter_value "$verb" "$before" "$word" && return
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(
			compgen -W "$(_openletter_options "$verb")" -- "$word")
	elif [[ $verb ]]; then
		_openletter_argument "$verb" $((place + 1)) "$word" "$first"
	else
		mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$word")
	fi
}

complete -F _openletter openletter
