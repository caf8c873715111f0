-- :OpenCode. A line that is exactly a sub-command runs it; any other line is a prompt, also "fix the parser".
local config = require('opencode.config')

local M = {}

local actions = { 'fix', 'explain', 'refactor', 'document', 'tests', 'review', 'todo' }
local replies = { 'once', 'always', 'reject' }

local function opencode()
  return require('opencode')
end

local subs = {}

function subs.cancel()
  opencode().command('opencode.cancel', nil, function(result)
    if not result.cancelled then
      config.notify('OpenCode: nothing is running')
    end
  end)
end

function subs.undo()
  opencode().command('opencode.session.undo', nil, function(result)
    config.notify('OpenCode: took back ' .. #(result.files or {}) .. ' file(s)')
  end)
end

function subs.redo()
  opencode().command('opencode.session.redo', nil, function(result)
    config.notify('OpenCode: brought back ' .. #(result.files or {}) .. ' file(s)')
  end)
end

function subs.sessions()
  opencode().command('opencode.session.list', nil, function(list)
    vim.ui.select(list, {
      prompt = 'OpenCode sessions',
      format_item = function(s)
        return ('%s  %s  %s'):format(s.updated, s.status, s.title)
      end,
    }, function(s)
      if s then
        opencode().transcript(s.id)
      end
    end)
  end)
end

function subs.model(name)
  opencode().command('opencode.model.select', { model = name }, function(result)
    config.notify('OpenCode: the model is ' .. (result.model ~= '' and result.model or 'not set'))
  end)
end

function subs.agent()
  opencode().command('opencode.agent.select', nil, function(result)
    config.notify('OpenCode: prompts go to ' .. result.agent)
  end)
end

-- serve shows the result, since the server's own message of it may be cut to one line.
function subs.serve(argument)
  opencode().command('opencode.serve', { stop = argument == 'stop' }, function(result)
    if result.passwordFile then
      config.notify('OpenCode: the password for ' .. result.url .. ' is in ' .. result.passwordFile)
    end
  end)
end

function subs.status()
  opencode().command('opencode.status', nil, function(s)
    config.notify(('OpenCode %s: model %s, %d question(s) open, %d file(s) not saved'):format(
      s.version, s.model ~= '' and s.model or 'not set', #s.pending, #s.unsaved))
  end)
end

function subs.answer(reply)
  require('opencode.permission').answer(reply)
end

-- parse finds the sub-command and its argument, nil for a prompt.
local function parse(words)
  local name, argument = words[1], words[2]
  if #words == 1 and (subs[name] or vim.tbl_contains(actions, name)) then
    return name
  end
  if #words == 2 and name == 'answer' and vim.tbl_contains(replies, argument) then
    return name, argument
  end
  if #words == 2 and name == 'model' and argument:find('/', 1, true) then
    return name, argument
  end
  if #words == 2 and name == 'serve' and argument == 'stop' then
    return name, argument
  end
end

-- run is the command's callback.
function M.run(o)
  local name, argument = parse(vim.split(vim.trim(o.args), '%s+'))
  if name and subs[name] then
    return subs[name](argument)
  end
  local first, last = o.line1, o.line2
  if name then
    return opencode().action(name, first, last)
  end
  if o.range == 0 then
    first, last = nil, nil
  end
  opencode().prompt(o.args, { first = first, last = last, new = o.bang })
end

-- complete offers the sub-commands in first place and what they take.
function M.complete(lead, line)
  local before = line:gsub('^.-OpenCode!?%s*', '', 1)
  local choices = {}
  if not before:find('%s') then
    choices = vim.list_extend(vim.tbl_keys(subs), actions)
  elseif before:find('^answer%s+%S*$') then
    choices = vim.list_extend({}, replies)
  elseif before:find('^serve%s+%S*$') then
    choices = { 'stop' }
  end
  table.sort(choices)
  return vim.tbl_filter(function(choice)
    return vim.startswith(choice, lead)
  end, choices)
end

return M
