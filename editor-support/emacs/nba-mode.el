;;; nba-mode.el --- Policies of next best action  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1") (eglot "1.9"))
;; Keywords: languages
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Colours and indentation for files that end in .nba, and the language server `nba lsp' for eglot:
;; M-x eglot in such a file shows mistakes as you type.

;;; Code:

(defvar eglot-server-programs)

(defgroup nba nil
  "Policies of next best action."
  :group 'languages)

(defcustom nba-program "nba"
  "The program nba: a name on the path, or a whole path."
  :type 'string)

(defcustom nba-indent-offset 2
  "How much further in the lines of a block are."
  :type 'integer
  :safe #'integerp)

(defconst nba-declarations
  '("policy" "import" "profile" "context" "parameter" "define" "function" "table" "channel" "group"
    "action" "priority" "arbitrate" "holdout" "experiment" "explore" "guarantee" "test" "limit"
    "rest" "budget" "quiet")
  "Words that begin a declaration.")

(defconst nba-keywords
  '("title" "owner" "timezone" "currency" "week" "purposes" "purpose" "active" "require" "eligible"
    "exclude" "via" "content" "send" "propensity" "value" "cost" "boost" "exempt" "score" "nothing"
    "below" "pick" "fallback" "history" "cases" "expect" "now" "key" "optional" "only" "for" "from"
    "column" "first" "unique" "collect" "was" "until" "because" "at" "by" "per" "since" "ever"
    "after" "each" "on" "limits" "but" "counted" "to" "everything" "most" "seed" "among" "some"
    "when" "if" "then" "else")
  "Words that begin a line of a block, or say more of it.")

(defconst nba-operators
  '("and" "or" "not" "is" "in" "one" "of" "any" "all" "none" "between" "within" "next" "more" "than"
    "ago" "starts" "ends" "with" "contains" "has")
  "Words between values.")

(defconst nba-constants
  '("yes" "no" "known" "unknown" "never" "second" "seconds" "minute" "minutes" "hour" "hours" "day"
    "days" "weeks" "month" "months" "quarter" "year" "years" "decided" "sent" "seen" "clicked"
    "accepted" "rejected" "ignored")
  "Values, units of time and outcomes.")

(defconst nba-types
  '("flag" "integer" "number" "probability" "money" "duration" "date" "time" "clock" "text")
  "Names of types.")

(defconst nba-functions
  '("min" "max" "clamp" "abs" "floor" "ceil" "round" "exp" "log" "sqrt" "hour" "weekday" "day"
    "month" "year" "age_in_years" "months_between")
  "Functions of the language.")

(defvar nba-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?_ "w" table)
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?\\ "\\" table)
    table))

;; The first that fits wins: before a colon a word is the name of a field, whatever word it is.
(defconst nba-font-lock-keywords
  `((,(concat "^" (regexp-opt '("define" "function" "table") t) "[ \t]+\\(\\w+\\)")
     (1 font-lock-keyword-face) (2 font-lock-function-name-face))
    (,(concat "^" (regexp-opt '("policy" "profile" "channel" "group" "action") t) "[ \t]+\\(\\w+\\)")
     (1 font-lock-keyword-face) (2 font-lock-type-face))
    ("\\<[[:digit:]]\\(?:[[:digit:]_:-]\\|\\.[[:digit:]]\\)*%?" . 'font-lock-constant-face)
    ("\\_<\\([[:alpha:]_]\\w*\\)[ \t]*:" 1 font-lock-variable-name-face)
    (,(concat ":[ \t]+" (regexp-opt nba-types t) "\\_>") 1 font-lock-type-face)
    (,(concat (regexp-opt nba-functions 'words) "(") 1 font-lock-builtin-face)
    ("\\_<\\([[:alpha:]_]\\w*\\)(" 1 font-lock-function-name-face)
    (,(regexp-opt (append nba-declarations nba-keywords nba-operators) 'words) . font-lock-keyword-face)
    (,(regexp-opt nba-constants 'words) . 'font-lock-constant-face)))

(defconst nba--declaration (concat (regexp-opt nba-declarations t) "\\_>"))

(defconst nba--continuation "\\(?:and\\|or\\|then\\|else\\|because\\|when\\)\\_>\\|[-+*/^]"
  "How a line begins that goes on with the one above.")

(defun nba--in-list ()
  "The column of a line in which a list goes on, or nil.
It does below `of', and below a line of the list."
  (save-excursion
    (and (zerop (forward-line -1))
         (let ((above (string-trim (replace-regexp-in-string "#.*" "" (thing-at-point 'line t)))))
           (if (string-match-p "\\_<of\\'" above)
               (+ (nba--column) nba-indent-offset)
             (and (string-suffix-p "," above) (nba--in-list)))))))

(defun nba--column ()
  "The column in which the text of this line belongs."
  (save-excursion
    (back-to-indentation)
    (let* ((depth (car (save-excursion (syntax-ppss (line-beginning-position)))))
           (levels (cond ((looking-at "[])}]") (1- depth))
                         ((looking-at nba--continuation) (1+ depth))
                        ((nba--in-list) (/ (nba--in-list) nba-indent-offset))
                         ((or (> depth 0) (looking-at nba--declaration) (looking-at "#\\|$")) depth)
                         (t 1))))
      (* nba-indent-offset (max 0 levels)))))

(defun nba-indent-line ()
  "Indent this line; in a text, leave it."
  (interactive)
  (let ((column (nba--column)))
    (if (<= (current-column) (current-indentation))
        (indent-line-to column)
      (save-excursion (indent-line-to column)))))

;;;###autoload
(define-derived-mode nba-mode prog-mode "nba"
  "Major mode for policies of next best action."
  (setq-local comment-start "# "
              comment-start-skip "#+[ \t]*"
              indent-tabs-mode nil
              indent-line-function #'nba-indent-line
              imenu-generic-expression
              `((nil ,(concat "^" (regexp-opt nba-declarations) "[ \t]+\"?\\([^\"{(=:\n]*[^\"{(=:\n \t]\\)") 1))
              font-lock-defaults '(nba-font-lock-keywords)))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.nba\\'" . nba-mode))

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs `(nba-mode . ,(lambda (&rest _) (list nba-program "lsp")))))

(provide 'nba-mode)

;;; nba-mode.el ends here
