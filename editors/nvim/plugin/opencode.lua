-- Start-up of the plugin: the command, the maps, and the events that attach it. Everything else is loaded when needed.
if vim.g.loaded_opencode or vim.fn.has('nvim-0.7') ~= 1 then
  return
end
vim.g.loaded_opencode = true

vim.api.nvim_create_user_command('OpenCode', function(o)
  require('opencode.command').run(o)
end, {
  nargs = '+',
  bang = true,
  range = true,
  desc = 'Ask OpenCode, or run one of its sub-commands',
  complete = function(lead, line)
    return require('opencode.command').complete(lead, line)
  end,
})

for _, name in ipairs({ 'fix', 'explain', 'refactor', 'document', 'tests', 'review', 'todo', 'cancel', 'undo', 'redo', 'sessions', 'model', 'status', 'answer' }) do
  vim.keymap.set('n', '<Plug>(opencode-' .. name .. ')', '<Cmd>OpenCode ' .. name .. '<CR>', { silent = true })
  vim.keymap.set('x', '<Plug>(opencode-' .. name .. ')', ":OpenCode " .. name .. '<CR>', { silent = true })
end
vim.keymap.set({ 'n', 'x' }, '<Plug>(opencode-ask)', ':OpenCode ')
vim.keymap.set('n', '<Plug>(opencode-transcript)', function()
  require('opencode').transcript()
end)

local group = vim.api.nvim_create_augroup('opencode', {})

local function on(events, callback)
  vim.api.nvim_create_autocmd(events, { group = group, callback = callback })
end

on('DiagnosticChanged', function(event)
  require('opencode.diagnostics').changed(event.buf)
end)
on({ 'BufReadPost', 'BufWritePost' }, function(event)
  require('opencode.save').note(event.buf)
end)
on('BufWipeout', function(event)
  require('opencode.save').forget(event.buf)
end)

if (vim.g.opencode or {}).enable == false then
  return
end
local enabled = vim.fn.has('nvim-0.11') == 1
if enabled then
  vim.lsp.enable('opencode')
end
on({ 'FileType', 'BufReadPost', 'BufNewFile', 'BufWritePost' }, function(event)
  -- vim.lsp.enable sees buffers with a file type only.
  if not (enabled and event.event == 'FileType') then
    require('opencode.client').attach(event.buf)
  end
end)
