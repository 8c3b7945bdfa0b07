# cspell:disable because of the names of modules and functions of zsh, and of words in two parts
# Prints what zsh offers at a Tab, a line per question. Arguments: the completion script, and the questions.
zmodload zsh/zpty
script=$1 offers=$(mktemp)
shift
zpty shell zsh -f -i
# Types something, and waits until a text is shown.
type() { zpty -w -n shell "$1"; zpty -r -m shell shown "*$2*"; }
# The texts to wait for are in two parts here, because the shell repeats what is typed.
type $'PS1=; autoload -U compinit; compinit -u -D; zstyle ":completion:*" insert-tab false; print RE""ADY\n' READY
type "source ${(q)script}; offers=${(q)offers}; print SOU\"\"RCED"$'\n' SOURCED
# compadd gets the words; with -A, it stores those that match. The functions of zsh call it with -O, -A and -D for the same.
type $'compadd() { if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\\ * ]]; then typeset -a found; builtin compadd -A found "$@"; print -rn -- "${(j: :)found} " >>$offers; fi; builtin compadd "$@"; }; print WRA""PPED\n' WRAPPED
# Nothing is inserted or listed. The functions to call afterwards are forgotten at each call.
type $'answered() { print >>$offers; print ANS""WERED; compstate[insert]=; compstate[list]=; comppostfuncs=(answered); }; comppostfuncs=(answered); print HOO""KED\n' HOOKED
for question; do
  type "$question"$'\t' ANSWERED
  zpty -w -n shell $'\C-u'
done
zpty -d shell
cat $offers
rm $offers
