-- :checkhealth opencode
local config = require('opencode.config')

local M = {}

local health = vim.health or {}
local h = {
  start = health.start or require('health').report_start,
  ok = health.ok or require('health').report_ok,
  warn = health.warn or require('health').report_warn,
  error = health.error or require('health').report_error,
}

local function run(args)
  local out = vim.fn.system(args)
  return vim.v.shell_error, vim.trim(out)
end

local function program(cmd)
  if type(cmd) ~= 'table' then
    return h.ok('the server is reached by a function of yours')
  end
  if vim.fn.executable(cmd[1]) ~= 1 then
    return h.error(cmd[1] .. ' is not in your PATH', { 'Install opencode-lsp, or set cmd in vim.g.opencode to its full path' })
  end
  local code, out = run({ cmd[1], 'version' })
  if code ~= 0 then
    return h.error(cmd[1] .. ' does not run: ' .. out, { 'Is it another program of that name? See exepath("' .. cmd[1] .. '")' })
  end
  h.ok(out .. ' at ' .. vim.fn.exepath(cmd[1]))
  code, out = run({ cmd[1], 'doctor' })
  local say = code == 0 and h.ok or h.warn
  say('opencode-lsp doctor:\n' .. out)
end

function M.check()
  h.start('opencode')
  if vim.fn.has('nvim-0.7') ~= 1 then
    h.error('Neovim 0.7 or later is needed')
  end
  program(config.get().cmd)
  local clients = require('opencode.client').clients()
  if #clients == 0 then
    return h.warn('no server runs in this Neovim', { 'Open a file of your project', 'Errors stand in :lua vim.cmd.edit(vim.lsp.get_log_path())' })
  end
  for _, c in ipairs(clients) do
    h.ok(('server %d runs for %s'):format(c.id, c.config.root_dir or '?'))
  end
end

return M
