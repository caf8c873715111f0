-- opencode/diagnostics: what the other servers of a buffer found, so that the agent knows it too.
local client = require('opencode.client')
local config = require('opencode.config')

local M = {}

local waiting = {} -- buffer -> true while its send is due

-- column is a byte column in the units of the server.
local function column(line, byte, encoding)
  byte = math.max(math.min(byte, #line), 0)
  if encoding == 'utf-8' then
    return byte
  end
  if config.has(11) then
    return vim.str_utfindex(line, encoding or 'utf-16', byte, false)
  end
  local chars, units = vim.str_utfindex(line, byte)
  return encoding == 'utf-32' and chars or units
end

local function position(buf, row, byte, encoding)
  local line = vim.api.nvim_buf_get_lines(buf, row, row + 1, false)[1] or ''
  return { line = row, character = column(line, byte, encoding) }
end

-- lsp turns one of Neovim's diagnostics into one of LSP.
local function lsp(buf, d, encoding)
  return {
    range = {
      start = position(buf, d.lnum, d.col or 0, encoding),
      ['end'] = position(buf, d.end_lnum or d.lnum, d.end_col or d.col or 0, encoding),
    },
    severity = d.severity,
    message = d.message,
    source = d.source,
    code = d.code,
  }
end

-- of are the diagnostics of some lines of a buffer (counted from 0), of the whole buffer without them.
function M.of(buf, first, last, encoding)
  local list = {}
  for _, d in ipairs(vim.diagnostic.get(buf)) do
    if not first or (d.lnum <= last and (d.end_lnum or d.lnum) >= first) then
      table.insert(list, lsp(buf, d, encoding))
    end
  end
  return list
end

local function send(buf)
  waiting[buf] = nil
  if not vim.api.nvim_buf_is_loaded(buf) then
    return
  end
  for _, c in ipairs(client.clients()) do
    if vim.lsp.buf_is_attached(buf, c.id) then
      client.send(c, 'opencode/diagnostics', { uri = vim.uri_from_bufnr(buf), diagnostics = M.of(buf, nil, nil, c.offset_encoding) })
    end
  end
end

-- changed sends a buffer's diagnostics once they have been still for a moment.
function M.changed(buf)
  if waiting[buf] then
    return
  end
  waiting[buf] = true
  vim.defer_fn(function()
    send(buf)
  end, config.get().diagnostics)
end

-- attached sends what is known already. Nothing is not sent: the agent would wait after each edit for news of a buffer that
-- nobody checks.
function M.attached(buf)
  if #vim.diagnostic.get(buf) > 0 then
    M.changed(buf)
  end
end

return M
