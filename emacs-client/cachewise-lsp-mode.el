;;; cachewise-lsp-mode.el --- cachewise in lsp-mode  -*- lexical-binding: t; -*-

;;; Commentary:

;; Suggestions behind the cursor are lsp-mode's own work.  What it leaves open: a suggestion that grows while it is
;; shown, and TAB to take it.

;;; Code:

(defvar lsp-inline-completion--current)
(defvar lsp-inline-completion--items)
(defvar lsp-inline-completion--overlay)
(defvar lsp-inline-completion--start-point)
(declare-function lsp-inline-completion-display "lsp-inline-completion")
(declare-function lsp-inline-completion--define-key "lsp-inline-completion")

(require 'cachewise)
(require 'lsp-mode)
(require 'lsp-inline-completion nil t)

(defun cachewise-lsp-mode--client ()
  "The server of this buffer."
  (when-let ((workspace (and (bound-and-true-p lsp-mode)
                             (cl-find 'cachewise (lsp-workspaces)
                                      :key (lambda (w) (lsp--client-server-id (lsp--workspace-client w)))))))
    (list :document #'lsp--text-document-identifier
          :position (lambda (point) (lsp--point-to-position point))
          :notify (lambda (method params)
                    (with-lsp-workspace workspace (lsp-notify method params)))
          :request (lambda (method params done failed)
                     (with-lsp-workspace workspace
                       (lsp-request-async method params done
                                          :mode 'detached :error-handler failed :no-merge nil))))))

(add-hook 'cachewise--clients #'cachewise-lsp-mode--client)

(defun cachewise-lsp-mode--progress (workspace params)
  "Take PARAMS of a progress message.
What is of no answer goes where it always went, with WORKSPACE."
  (unless (cachewise--on-progress (cachewise--get params :token) (cachewise--get params :value))
    (funcall (gethash "$/progress" lsp--default-notification-handlers) workspace params)))

;; A suggestion that grows in the server while it is shown. Asking again for it costs nothing. The server tells when
;; that is of use; but the client leaves its filter as soon as it has an answer, and loses the notices that came along
;; with that. So what is shown is looked at once more a little later, until nothing has changed.

(defconst cachewise-lsp-mode--later 0.3 "Seconds until what is shown is looked at again.")

(defvar cachewise-lsp-mode--asking nil "Whether what is shown is being asked for again.")

(defvar-local cachewise-lsp-mode--timer nil "The next look.")

(defun cachewise-lsp-mode--grew (_workspace params)
  "The suggestion that PARAMS name has grown."
  (when-let ((buffer (find-buffer-visiting (lsp--uri-to-path (cachewise--get params :uri)))))
    (cachewise-lsp-mode--look buffer 0)))

(defun cachewise-lsp-mode--shown ()
  "A suggestion is shown in this buffer."
  (unless cachewise-lsp-mode--asking
    (cachewise-lsp-mode--look (current-buffer) cachewise-lsp-mode--later)))

(defun cachewise-lsp-mode--look (buffer seconds)
  "Look again at what is shown in BUFFER, in so many SECONDS."
  (with-current-buffer buffer
    (when (timerp cachewise-lsp-mode--timer)
      (cancel-timer cachewise-lsp-mode--timer))
    (setq cachewise-lsp-mode--timer (run-with-timer seconds nil #'cachewise-lsp-mode--show-again buffer))))

(defun cachewise-lsp-mode--show-again (buffer)
  "Show the suggestion in BUFFER as it is now, if it is still shown."
  (when (and (eq buffer (window-buffer))
             (buffer-local-value 'lsp-inline-completion--overlay buffer)
             (not (input-pending-p)))
    (with-current-buffer buffer
      (if cachewise-lsp-mode--asking
          ;; Timers run while an answer is waited for; an older one must not come last.
          (cachewise-lsp-mode--look buffer cachewise-lsp-mode--later)
        (let ((before (cachewise-lsp-mode--text)))
          (let ((cachewise-lsp-mode--asking t))
            ;; While a suggestion is shown, lsp-mode keeps point away from where the user left it.
            (goto-char lsp-inline-completion--start-point)
            (lsp-inline-completion-display 'implicit))
          (unless (equal before (cachewise-lsp-mode--text))
            (cachewise-lsp-mode--look buffer cachewise-lsp-mode--later)))))))

(defun cachewise-lsp-mode--text ()
  "The suggestion that is shown in this buffer."
  (and lsp-inline-completion--items
       (cachewise--get (elt lsp-inline-completion--items lsp-inline-completion--current) :insertText)))

(defun cachewise-lsp-mode--action (action)
  "Carry out the command ACTION."
  (cachewise--from-action (cachewise--get action :arguments)))

(lsp-register-client
 (make-lsp-client
  :server-id 'cachewise
  :new-connection (lsp-stdio-connection (lambda () cachewise-command))
  :activation-fn (lambda (_file mode) (apply #'provided-mode-derived-p mode cachewise-modes))
  :initialization-options (lambda () cachewise-settings)
  :add-on? t
  :multi-root t
  :action-handlers (lsp-ht ("cachewise.explain" #'cachewise-lsp-mode--action)
                           ("cachewise.ask" #'cachewise-lsp-mode--action))
  :notification-handlers
  (lsp-ht ("cachewise/status" (lambda (_workspace status) (cachewise--on-status status)))
          ("cachewise/completionGrew" #'cachewise-lsp-mode--grew)
          ("$/progress" #'cachewise-lsp-mode--progress))))

(when (boundp 'lsp-inline-completion-active-map)
  (add-hook 'lsp-inline-completion-shown-hook #'cachewise-lsp-mode--shown)
  (lsp-inline-completion--define-key
   lsp-inline-completion-active-map (kbd "TAB") #'lsp-inline-completion-accept 'keep))

(provide 'cachewise-lsp-mode)
;;; cachewise-lsp-mode.el ends here
