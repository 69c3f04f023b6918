;;; cachewise-eglot.el --- cachewise in eglot  -*- lexical-binding: t; -*-

;;; Commentary:

;; Eglot runs one server for a buffer and shows no suggestions behind the cursor; the server offers them as completions.

;;; Code:

(require 'cachewise)
(require 'eglot)

(defun cachewise-eglot--server-p (server)
  "Whether SERVER is cachewise."
  (equal (cachewise--get (eglot--server-info server) :name) "cachewise"))

(defun cachewise-eglot--client ()
  "The server of this buffer."
  (when-let ((server (eglot-current-server)))
    (when (cachewise-eglot--server-p server)
      (list :document #'eglot--TextDocumentIdentifier
            :position #'eglot--pos-to-lsp-position
            :notify (lambda (method params)
                      (jsonrpc-notify server (intern (concat ":" method)) params))
            :request (lambda (method params done failed)
                       (jsonrpc-async-request server (intern (concat ":" method)) params
                                              :success-fn done :error-fn failed :timeout nil))))))

(add-hook 'cachewise--clients #'cachewise-eglot--client)

(cl-defmethod eglot-handle-notification (_server (_method (eql cachewise/status)) &rest status)
  "Show STATUS in the mode line."
  (cachewise--on-status status))

(cl-defmethod eglot-handle-notification (_server (_method (eql cachewise/completionGrew)) &rest _)
  "Eglot shows nothing that could grow.")

(cl-defmethod eglot-handle-notification :around (_server (_method (eql $/progress)) &rest params)
  "Take PARAMS of a progress message.
What is of no answer goes where it always went."
  (unless (cachewise--on-progress (plist-get params :token) (plist-get params :value))
    (cl-call-next-method)))

(cl-defmethod eglot-execute-command (_server (_command (eql cachewise.explain)) arguments)
  "Stream the explanation that ARGUMENTS name."
  (cachewise--from-action arguments))

(cl-defmethod eglot-execute-command (_server (_command (eql cachewise.ask)) arguments)
  "Stream the answer to the question in ARGUMENTS."
  (cachewise--from-action arguments))

(provide 'cachewise-eglot)
;;; cachewise-eglot.el ends here
