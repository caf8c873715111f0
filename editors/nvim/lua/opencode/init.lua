-- What other code may use: require('opencode').prompt('…'), .action('fix'), .command('opencode.cancel'), .status().
local client = require('opencode.client')
local diagnostics = require('opencode.diagnostics')

local M = {}

M.status = require('opencode.progress').status
M.command = client.command

local function uri(buf)
  if client.root(buf) then
    return vim.uri_from_bufnr(buf)
  end
end

-- range is the lines first to last, counted from 1.
local function range(first, last)
  local line = vim.api.nvim_buf_get_lines(0, last - 1, last, false)[1] or ''
  return { start = { line = first - 1, character = 0 }, ['end'] = { line = last - 1, character = vim.str_utfindex(line) } }
end

-- quoted are the lines of a buffer that is no file, for the prompt itself.
local function quoted(first, last)
  return '\n```' .. vim.bo.filetype .. '\n' .. table.concat(vim.api.nvim_buf_get_lines(0, first - 1, last, false), '\n') .. '\n```'
end

-- prompt sends a text. opts: first and last line to attach, new = true for a new session.
function M.prompt(text, opts)
  opts = opts or {}
  local argument = { text = text, new = opts.new, uri = uri(0) }
  if opts.first and argument.uri then
    argument.range = range(opts.first, opts.last or opts.first)
  elseif opts.first then
    argument.text = text .. quoted(opts.first, opts.last or opts.first)
  end
  client.command('opencode.prompt', argument)
end

-- action runs a code action on lines, with what Neovim knows to be wrong with them.
function M.action(name, first, last)
  first = first or vim.api.nvim_win_get_cursor(0)[1]
  last = last or first
  local where = uri(0)
  if not where then
    return require('opencode.config').warn('OpenCode: this buffer is no file of a project: save it first')
  end
  local c = client.of(0)
  local found = name == 'fix' and diagnostics.of(0, first - 1, last - 1, c and c.offset_encoding) or nil
  client.command('opencode.action', { action = name, uri = where, range = range(first, last), diagnostics = found })
end

-- at_end shows the end of a file in every window that has it.
local function at_end(name)
  for _, win in ipairs(vim.api.nvim_list_wins()) do
    local buf = vim.api.nvim_win_get_buf(win)
    if vim.api.nvim_buf_get_name(buf) == name then
      vim.bo[buf].autoread = true
      vim.api.nvim_win_set_cursor(win, { vim.api.nvim_buf_line_count(buf), 0 })
    end
  end
end

-- transcript shows a session's Markdown file, the current session's without an id.
function M.transcript(id)
  client.command('opencode.session.open', { session = id }, function(result)
    local name = vim.uri_to_fname(result.transcript)
    if not result.shown then
      vim.cmd('split ' .. vim.fn.fnameescape(name))
    end
    at_end(name)
  end)
end

return M
