" Colours of nba where the tree-sitter grammar is not there.
" Words are matches, not keywords: of matches the last one wins, so that a word before a colon is a field's name.

if exists('b:current_syntax')
  finish
endif

function! s:words(group, before, after, words)
  execute printf('syntax match %s /\v%s<%%(%s)>%s/', a:group, a:before, join(split(a:words), '|'), a:after)
endfunction

syntax match nbaName /\<\K\k*\>/
syntax match nbaCurrency /\<[A-Z]\{3}\>/
call s:words('nbaDeclaration', '', '',
  \ 'policy import profile context parameter define function table channel group action priority'
  \ . ' arbitrate holdout experiment explore guarantee test limit rest budget quiet')
call s:words('nbaKeyword', '', '',
  \ 'title owner timezone currency week purposes purpose active require eligible exclude via content send'
  \ . ' propensity value cost boost exempt score nothing below pick fallback history cases expect now key'
  \ . ' optional only for from column first unique collect was until because at by per since ever after each'
  \ . ' on limits but counted to everything most seed among some when if then else')
call s:words('nbaOperator', '', '',
  \ 'and or not is in one of any all none between within next more than ago starts ends with contains has')
call s:words('nbaConstant', '', '',
  \ 'yes no known unknown never second seconds minute minutes hour hours day days weeks month months'
  \ . ' quarter year years decided sent seen clicked accepted rejected ignored')
call s:words('nbaType', '(:\s)@2<=', '',
  \ 'flag integer number probability money duration date time clock text')
call s:words('nbaFunction', '', '\ze\(',
  \ 'min max clamp abs floor ceil round exp log sqrt hour weekday day month year age_in_years'
  \ . ' months_between')
syntax match nbaField /\<\K\k*\ze\s*:/
syntax match nbaNumber /\<\d[0-9_]*\(\.\d[0-9_]*\)\?%\?/
syntax match nbaTime /\<\d\{1,2}:\d\d\|\<\d\{4}-\d\d-\d\d\( \d\{1,2}:\d\d\(:\d\d\(\.\d\{1,6}\)\?\)\?\)\?/
syntax region nbaText start=/"/ skip=/\\./ end=/"/ oneline
syntax match nbaComment /#.*/ contains=@Spell

highlight default link nbaCurrency Constant
highlight default link nbaDeclaration Statement
highlight default link nbaKeyword Keyword
highlight default link nbaOperator Operator
highlight default link nbaConstant Constant
highlight default link nbaType Type
highlight default link nbaFunction Function
highlight default link nbaField Identifier
highlight default link nbaNumber Number
highlight default link nbaTime Number
highlight default link nbaText String
highlight default link nbaComment Comment

let b:current_syntax = 'nba'
