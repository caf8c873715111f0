-- Settings: the table vim.g.opencode over the defaults, read when needed, so that no setup call has to come first.
local M = {}

local defaults = {
  enable = true, -- attach to every file by itself
  cmd = { 'opencode-lsp' },
  root_markers = { '.git', 'opencode.json', 'opencode.jsonc' },
  init_options = {}, -- the keys of opencode.json
  hold = 700, -- milliseconds without a key before a question is shown
  guard = 500, -- an answer that allows something and comes quicker than this was not meant
  diagnostics = 200, -- milliseconds after which changed diagnostics are sent
  restarts = 3, -- of a crashed server within three minutes
}

function M.get()
  return vim.tbl_extend('force', defaults, vim.g.opencode or {})
end

-- has says whether Neovim is at least 0.minor.
function M.has(minor)
  return vim.fn.has('nvim-0.' .. minor) == 1
end

function M.notify(text, level)
  vim.notify(text, level or vim.log.levels.INFO, { title = 'OpenCode' })
end

function M.warn(text)
  M.notify(text, vim.log.levels.WARN)
end

return M
