-- Questions of the agent. The server hands one over by opencode/permission and is told "later" at once: nothing waits on a
-- person inside a request handler, in any version of Neovim. The question is shown when the user is not typing, and answered
-- by opencode.permission.reply; another channel may have been quicker.
--
-- Nothing typed by accident allows anything: a question waits until the user is in normal mode and has pressed no key for
-- `hold` milliseconds, what stands in the typeahead is thrown away, the first entry only shows details, and an answer that
-- allows something and comes within `guard` milliseconds is asked for again.
local client = require('opencode.client')
local config = require('opencode.config')
local float = require('opencode.float')

local M = {}

local uv = vim.uv or vim.loop
local queue = {} -- entries { show = function(done), said = boolean }
local open = {} -- key -> question that was handed over and not answered yet
local showing = false
local ticking = false
local last_key = 0
local keys = vim.api.nvim_create_namespace('opencode.keys')

-- now is in milliseconds. uv.now stands still while a prompt holds the editor.
local function now()
  return uv.hrtime() / 1e6
end

local function idle()
  local mode = vim.api.nvim_get_mode()
  return mode.mode == 'n' and not mode.blocking and vim.fn.getcmdwintype() == '' and now() - last_key >= config.get().hold
end

local function drain()
  while vim.fn.getchar(1) ~= 0 do
    vim.fn.getchar(0)
  end
end

local tick

local function later()
  if not ticking and #queue > 0 then
    ticking = true
    vim.defer_fn(tick, 50)
  end
end

-- tick shows the first question of the queue once the user's hands are still.
function tick()
  ticking = false
  if showing or #queue == 0 then
    return
  end
  if not idle() then
    local first = queue[1]
    if not first.said and vim.api.nvim_get_mode().mode:find('^[iRt]') then
      first.said = true
      config.notify(first.title .. ' waits until you leave insert mode')
    end
    return later()
  end
  local entry = table.remove(queue, 1)
  if #queue == 0 then
    vim.on_key(nil, keys)
  end
  showing = true
  drain()
  entry.show(function()
    showing = false
    later()
  end)
end

local function push(entry)
  if #queue == 0 then
    last_key = now()
    vim.on_key(function()
      last_key = now()
    end, keys)
  end
  table.insert(queue, entry)
  later()
end

-- choose is vim.ui.select which does not believe an answer that nobody can have read.
local function choose(items, prompt, harmless, done, again)
  local opened = now()
  vim.ui.select(items, {
    prompt = prompt .. (again and ' (that was too quick: once more)' or ''),
    kind = 'opencode.permission',
    format_item = function(item)
      return item.title
    end,
  }, function(item)
    if item and not harmless(item) and now() - opened < config.get().guard then
      vim.schedule(function()
        drain()
        vim.cmd('redraw')
        choose(items, prompt, harmless, done, true)
      end)
      return
    end
    vim.cmd('redraw') -- or the next message would stop at "Press ENTER"
    done(item)
  end)
end

-- key tells the questions of several servers apart.
local function key(q)
  return q.client.id .. '#' .. q.id
end

local function still_open(q)
  config.notify('OpenCode #' .. q.id .. ' is still open: answer it by :OpenCode answer')
end

local function reply(q, answer, message)
  open[key(q)] = nil
  client.command('opencode.permission.reply', { id = q.id, reply = answer, message = message }, function(result)
    if not result.ok then
      config.warn('OpenCode: ' .. (result.reason or 'the answer was not taken'))
    end
  end, q.client)
end

local function split(text)
  return vim.split(text:gsub('\n$', ''), '\n', { plain = true })
end

local function lines_of(q)
  local lines = split(q.detail ~= '' and q.detail or q.subject)
  if q.diff and q.diff ~= '' then
    table.insert(lines, '')
    vim.list_extend(lines, split(q.diff))
  end
  return lines
end

-- brief is lines_of for a small window: without the head of the diff of one file, which the line above it names.
local function brief(q)
  local head = '%-%-%- [^\n]*\n%+%+%+ [^\n]*\n@@'
  if not q.diff or not q.diff:find('^' .. head) or q.diff:find('\n' .. head) then
    return lines_of(q)
  end
  local lines = lines_of({ detail = q.detail, subject = q.subject })
  return vim.list_extend(lines, split(q.diff), 3)
end

local function items_of(q)
  local items = { { title = 'Show details', details = true } }
  for _, action in ipairs(q.actions) do
    table.insert(items, { title = action.title, reply = action.reply })
  end
  table.insert(items, { title = 'Reject and say why …', reply = 'reject', why = true })
  return items
end

local function answered(q, item)
  if not item then
    return still_open(q)
  end
  if item.details then
    float.split('OpenCode #' .. q.id, lines_of(q), q.diff and 'diff' or '')
    return still_open(q)
  end
  if not item.why then
    return reply(q, item.reply)
  end
  vim.ui.input({ prompt = 'What shall the agent know? ' }, function(text)
    if not text then
      return still_open(q)
    end
    reply(q, 'reject', text ~= '' and text or nil)
  end)
end

local function show(q, done)
  local title = ('OpenCode #%s %s'):format(q.id, q.tool)
  local items = items_of(q)
  local close = float.open(title, brief(q), q.diff and 'diff' or '', #items + 3)
  choose(items, title .. ': ' .. q.subject:gsub('%s+', ' '):sub(1, 60), function(item)
    return item.reply == nil or item.reply == 'reject'
  end, function(item)
    close()
    answered(q, item)
    done()
  end)
end

-- ask shows a question unless it has been answered elsewhere since.
local function ask(q)
  open[key(q)] = q
  push({ title = 'OpenCode #' .. q.id .. ' ' .. q.tool, show = function(done)
    client.command('opencode.permission.list', nil, function(list)
      for _, pending in ipairs(list) do
        if pending.id == q.id then
          return show(q, done)
        end
      end
      open[key(q)] = nil
      done()
    end, q.client, done)
  end })
end

-- asked is opencode/permission.
function M.asked(_, params, ctx)
  params.client = vim.lsp.get_client_by_id(ctx.client_id)
  params.actions = params.actions or {}
  ask(params)
  return { reply = 'later' }
end

-- message is window/showMessageRequest, by which the server asks for a model or for trust. Neovim 0.7 needs the answer at
-- once; there a user in the middle of typing has given none.
function M.message(err, params, ctx, cfg)
  local default = vim.lsp.handlers['window/showMessageRequest']
  local co, main = coroutine.running()
  if not co or main then
    if vim.api.nvim_get_mode().mode ~= 'n' then
      config.notify(params.message:gsub('\n', ' '))
      return vim.NIL
    end
    drain()
    return default(err, params, ctx, cfg)
  end
  push({ title = 'OpenCode', show = function(done)
    choose(params.actions, params.message, function(item)
      return item == params.actions[1]
    end, function(item)
      done()
      coroutine.resume(co, item or vim.NIL)
    end)
  end })
  return coroutine.yield()
end

-- plain is a question that this window never got whole, such as one from before it was reloaded.
local function plain(pending)
  return {
    id = pending.id, tool = pending.permission, subject = pending.subject, detail = '', client = pending.client,
    actions = { { reply = 'once', title = 'Allow once' }, { reply = 'reject', title = 'Reject' } },
  }
end

local function settle(list, given)
  if #list == 0 then
    return config.notify('OpenCode: no question is open')
  end
  if given then
    return reply(list[1], given)
  end
  for _, pending in ipairs(list) do
    ask(open[key(pending)] or plain(pending))
  end
end

-- answer is :OpenCode answer: the given reply to the oldest open question, or all of them shown once more.
function M.answer(given)
  local list, waiting = {}, #client.clients()
  if waiting == 0 then
    return settle(list)
  end
  local function one()
    waiting = waiting - 1
    if waiting == 0 then
      settle(list, given)
    end
  end
  for _, c in ipairs(client.clients()) do
    client.command('opencode.permission.list', nil, function(pending)
      for _, q in ipairs(pending) do
        q.client = c
        table.insert(list, q)
      end
      one()
    end, c, one)
  end
end

-- reset forgets the questions of a server that is gone.
function M.reset()
  queue, open, showing = {}, {}, false
  vim.on_key(nil, keys)
end

return M
