-- What the agent does, for the status line: require('opencode').status(). Redraws and User OpenCodeProgress on each change.
local M = {}

local turns = {} -- token -> message

-- status is "" while nothing runs.
function M.status()
  local messages = {}
  for _, message in pairs(turns) do
    table.insert(messages, message)
  end
  table.sort(messages)
  if #messages == 0 then
    return ''
  end
  return 'OpenCode: ' .. table.concat(messages, ' | ')
end

function M.reset()
  turns = {}
  vim.cmd('redrawstatus!')
end

local function changed()
  vim.cmd('redrawstatus!')
  if vim.fn.exists('#User#OpenCodeProgress') == 1 then
    vim.cmd('doautocmd <nomodeline> User OpenCodeProgress')
  end
end

-- reread shows open transcripts as they are now.
local function reread()
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buf) and require('opencode.client').transcript(vim.api.nvim_buf_get_name(buf)) then
      vim.cmd('silent! checktime ' .. buf)
    end
  end
end

-- handle notes the progress and hands it on, so that vim.lsp.status() and LspProgress work as for every server.
function M.handle(err, result, ctx, cfg)
  local value = result and result.value
  if type(value) == 'table' then
    if value.kind == 'end' then
      turns[result.token] = nil
      reread()
    else
      turns[result.token] = value.message or 'working'
    end
    changed()
  end
  local default = vim.lsp.handlers['$/progress']
  return default and default(err, result, ctx, cfg)
end

return M
