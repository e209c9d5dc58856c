# Prints what Tab offers in zsh for the line $1, with the completion script $2: an interactive zsh is typed to. Marks are
# written in two parts where they are typed, so that the echo is not taken for them.
zmodload zsh/zpty
zpty z "TERM=dumb zsh -f -i"
zpty -w z "autoload -Uz compinit; compinit -u -D; source $2; bindkey '^I' list-choices; PS1='<rea''dy>'"
zpty -r z seen '*<ready>*'
# Tab, then the line is thrown away.
zpty -w -n z "$1"$'\t'$'\x15'"print -r -- '<e''nd>'"$'\n'
zpty -r z seen '*<end>*'
print -r -- "$seen"
