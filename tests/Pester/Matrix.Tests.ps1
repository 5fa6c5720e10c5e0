# The matrix: every cmdlet that emits hosts or tasks, piped into every one that takes them. Pipelines.Tests.ps1 has the longer stories.

BeforeAll {
    . "$PSScriptRoot/Setup.ps1"

    # What emits, each with a host 'here' (this machine) or a task on it that has printed hello.
    $emits = @{
        'Get-DispatchHost'           = { Get-DispatchHost here }
        'Add-DispatchHost'           = { Add-DispatchHost here local -Capability old -Force -PassThru }
        'Set-DispatchHost'           = { Set-DispatchHost here -Capability old -PassThru }
        'Test-DispatchHost'          = { Test-DispatchHost here }
        'Remove-DispatchHost'        = { Remove-DispatchHost here -Force -PassThru }
        'Invoke-RemoteTask'          = { Invoke-RemoteTask 'rd message said; echo hello' here }
        'Get-RemoteTask'             = { Get-RemoteTask (New-Task).Id }
        'Wait-RemoteTask'            = { Wait-RemoteTask (New-Task).Id }
        'Stop-RemoteTask'            = { Stop-RemoteTask (New-Task).Id -Force -PassThru }
        'Get-RemoteTaskLog'          = { Get-RemoteTaskLog (New-Task).Id }
        'Get-RemoteTaskEvent'        = { Get-RemoteTaskEvent (New-Task).Id }
        'Send-RemoteTaskMessage'     = { Send-RemoteTaskMessage (New-ListeningTask).Id hello -PassThru }
        'Get-RemoteTaskWorkspace'    = { $task = New-Task; Get-RemoteTaskWorkspace here -Id $task.Id }
        'Remove-RemoteTaskWorkspace' = { Remove-RemoteTaskWorkspace (New-Task).Id -Force -PassThru }
    }

    # What takes it, and what must come of it.
    $takes = @{
        'Get-DispatchHost'           = { ($args[0] | Get-DispatchHost).Name | Should -Be 'here' }
        'Add-DispatchHost'           = { $host1 = $args[0] | Add-DispatchHost -Force -PassThru; $host1.Name, $host1.Transport, "$($host1.Capabilities)" | Should -Be 'here', 'Local', 'old' }
        'Set-DispatchHost'           = { ($args[0] | Set-DispatchHost -Capability new -PassThru).Capabilities | Should -Be 'new' }
        'Remove-DispatchHost'        = { $args[0] | Remove-DispatchHost -Force; (Get-DispatchHost).Name | Should -Be 'local' }
        'Test-DispatchHost'          = { $found = $args[0] | Test-DispatchHost; $found.HostName, $found.Healthy | Should -Be 'here', $true }
        'Invoke-RemoteTask'          = { ($args[0] | Invoke-RemoteTask 'true').HostName | Should -Be 'here' }
        'Get-RemoteTask'             = {
            $found = $args[0] | Get-RemoteTask
            $found.HostName | Sort-Object -Unique | Should -Be 'here'
            if ($id = Get-Id $args[0]) { $found.Id | Should -Be $id }
        }
        'Get-RemoteTaskWorkspace'    = { $found = $args[0] | Get-RemoteTaskWorkspace; $found.HostName | Sort-Object -Unique | Should -Be 'here'; if ($id = Get-Id $args[0]) { $found.Id | Should -Be $id } }
        'Wait-RemoteTask'            = { $ended = $args[0] | Wait-RemoteTask; $ended.Id | Should -Be (Get-Id $args[0]); $ended.State | Should -BeIn 'Succeeded', 'Stopped' }
        'Stop-RemoteTask'            = { ($args[0] | Stop-RemoteTask -Force -PassThru).Id | Should -Be (Get-Id $args[0]) }
        'Get-RemoteTaskLog'          = { $args[0] | Get-RemoteTaskLog -Follow -Raw | Should -Be 'hello' }
        'Get-RemoteTaskEvent'        = { ($args[0] | Get-RemoteTaskEvent -Follow).Text | Should -Be 'said' }
        'Save-RemoteTaskLog'         = { $null = Wait-RemoteTask (Get-Id $args[0]); $args[0] | Save-RemoteTaskLog | Get-Content | Should -Be 'hello' }
        'Remove-RemoteTaskWorkspace' = { ($args[0] | Remove-RemoteTaskWorkspace -Force -PassThru).Id | Should -Be (Get-Id $args[0]); "$Workspaces/$(Get-Id $args[0])" | Should -Not -Exist }
    }

    function New-Task {
        $task = Invoke-RemoteTask 'rd message said; echo hello' here
        Wait-Until { Get-RemoteTaskLog $task }
        $task
    }

    function New-ListeningTask { Invoke-RemoteTask 'rd message said; rd inbox --wait 30' here }

    function Get-Id($Emitted) { $Emitted -is [RemoteDispatch.Tasks.RemoteTask] -or $Emitted -is [RemoteDispatch.Tasks.RemoteTaskWorkspace] ? $Emitted.Id : $Emitted.TaskId }

    function Assert-Pair([string] $From, [string] $To) {
        $ErrorActionPreference = 'Stop'
        $emitted = & $emits[$From]
        @($emitted).Count | Should -Be 1
        & $takes[$To] $emitted
    }
}

AfterAll { Clear-Sandbox }

Describe 'A host from' -Tag Local {
    BeforeEach {
        Remove-Item $env:REMOTE_DISPATCH_HOSTS_FILE -ErrorAction Ignore
        Add-DispatchHost here local -Capability old
        $null = Invoke-RemoteTask 'echo hello' here -Id always
    }

    Context 'Get-DispatchHost' {
        It 'gives Get-DispatchHost what it takes' { Assert-Pair Get-DispatchHost Get-DispatchHost }
        It 'gives Add-DispatchHost what it takes' { Assert-Pair Get-DispatchHost Add-DispatchHost }
        It 'gives Set-DispatchHost what it takes' { Assert-Pair Get-DispatchHost Set-DispatchHost }
        It 'gives Remove-DispatchHost what it takes' { Assert-Pair Get-DispatchHost Remove-DispatchHost }
        It 'gives Test-DispatchHost what it takes' { Assert-Pair Get-DispatchHost Test-DispatchHost }
        It 'gives Invoke-RemoteTask what it takes' { Assert-Pair Get-DispatchHost Invoke-RemoteTask }
        It 'gives Get-RemoteTask what it takes' { Assert-Pair Get-DispatchHost Get-RemoteTask }
        It 'gives Get-RemoteTaskWorkspace what it takes' { Assert-Pair Get-DispatchHost Get-RemoteTaskWorkspace }
    }

    Context 'Add-DispatchHost' {
        It 'gives Get-DispatchHost what it takes' { Assert-Pair Add-DispatchHost Get-DispatchHost }
        It 'gives Add-DispatchHost what it takes' { Assert-Pair Add-DispatchHost Add-DispatchHost }
        It 'gives Set-DispatchHost what it takes' { Assert-Pair Add-DispatchHost Set-DispatchHost }
        It 'gives Remove-DispatchHost what it takes' { Assert-Pair Add-DispatchHost Remove-DispatchHost }
        It 'gives Test-DispatchHost what it takes' { Assert-Pair Add-DispatchHost Test-DispatchHost }
        It 'gives Invoke-RemoteTask what it takes' { Assert-Pair Add-DispatchHost Invoke-RemoteTask }
        It 'gives Get-RemoteTask what it takes' { Assert-Pair Add-DispatchHost Get-RemoteTask }
        It 'gives Get-RemoteTaskWorkspace what it takes' { Assert-Pair Add-DispatchHost Get-RemoteTaskWorkspace }
    }

    Context 'Set-DispatchHost' {
        It 'gives Get-DispatchHost what it takes' { Assert-Pair Set-DispatchHost Get-DispatchHost }
        It 'gives Add-DispatchHost what it takes' { Assert-Pair Set-DispatchHost Add-DispatchHost }
        It 'gives Set-DispatchHost what it takes' { Assert-Pair Set-DispatchHost Set-DispatchHost }
        It 'gives Remove-DispatchHost what it takes' { Assert-Pair Set-DispatchHost Remove-DispatchHost }
        It 'gives Test-DispatchHost what it takes' { Assert-Pair Set-DispatchHost Test-DispatchHost }
        It 'gives Invoke-RemoteTask what it takes' { Assert-Pair Set-DispatchHost Invoke-RemoteTask }
        It 'gives Get-RemoteTask what it takes' { Assert-Pair Set-DispatchHost Get-RemoteTask }
        It 'gives Get-RemoteTaskWorkspace what it takes' { Assert-Pair Set-DispatchHost Get-RemoteTaskWorkspace }
    }

    Context 'Test-DispatchHost' {
        It 'gives Get-DispatchHost what it takes' { Assert-Pair Test-DispatchHost Get-DispatchHost }
        It 'gives Set-DispatchHost what it takes' { Assert-Pair Test-DispatchHost Set-DispatchHost }
        It 'gives Remove-DispatchHost what it takes' { Assert-Pair Test-DispatchHost Remove-DispatchHost }
        It 'gives Test-DispatchHost what it takes' { Assert-Pair Test-DispatchHost Test-DispatchHost }
        It 'gives Invoke-RemoteTask what it takes' { Assert-Pair Test-DispatchHost Invoke-RemoteTask }
        It 'gives Get-RemoteTask what it takes' { Assert-Pair Test-DispatchHost Get-RemoteTask }
        It 'gives Get-RemoteTaskWorkspace what it takes' { Assert-Pair Test-DispatchHost Get-RemoteTaskWorkspace }
    }

    Context 'Remove-DispatchHost' {
        It 'gives Add-DispatchHost what it takes' { Assert-Pair Remove-DispatchHost Add-DispatchHost }
        It 'gives Test-DispatchHost what it takes' { Assert-Pair Remove-DispatchHost Test-DispatchHost }
        It 'gives Invoke-RemoteTask what it takes' { Assert-Pair Remove-DispatchHost Invoke-RemoteTask }
    }
}

Describe 'A task from' -Tag Local {
    BeforeEach {
        Remove-Item $env:REMOTE_DISPATCH_HOSTS_FILE -ErrorAction Ignore
        Add-DispatchHost here local -Capability old
        $null = Invoke-RemoteTask 'echo hello' here -Id always
    }

    Context 'Invoke-RemoteTask' {
        It 'gives Get-RemoteTask what it takes' { Assert-Pair Invoke-RemoteTask Get-RemoteTask }
        It 'gives Wait-RemoteTask what it takes' { Assert-Pair Invoke-RemoteTask Wait-RemoteTask }
        It 'gives Stop-RemoteTask what it takes' { Assert-Pair Invoke-RemoteTask Stop-RemoteTask }
        It 'gives Get-RemoteTaskLog what it takes' { Assert-Pair Invoke-RemoteTask Get-RemoteTaskLog }
        It 'gives Get-RemoteTaskEvent what it takes' { Assert-Pair Invoke-RemoteTask Get-RemoteTaskEvent }
        It 'gives Save-RemoteTaskLog what it takes' { Assert-Pair Invoke-RemoteTask Save-RemoteTaskLog }
        It 'gives Remove-RemoteTaskWorkspace what it takes' { Assert-Pair Invoke-RemoteTask Remove-RemoteTaskWorkspace }
        It 'gives Invoke-RemoteTask what it takes' { Assert-Pair Invoke-RemoteTask Invoke-RemoteTask }
        It 'gives Test-DispatchHost what it takes' { Assert-Pair Invoke-RemoteTask Test-DispatchHost }
        It 'gives Get-DispatchHost what it takes' { Assert-Pair Invoke-RemoteTask Get-DispatchHost }
        It 'gives Get-RemoteTaskWorkspace what it takes' { Assert-Pair Invoke-RemoteTask Get-RemoteTaskWorkspace }
    }

    Context 'Get-RemoteTask' {
        It 'gives Get-RemoteTask what it takes' { Assert-Pair Get-RemoteTask Get-RemoteTask }
        It 'gives Wait-RemoteTask what it takes' { Assert-Pair Get-RemoteTask Wait-RemoteTask }
        It 'gives Stop-RemoteTask what it takes' { Assert-Pair Get-RemoteTask Stop-RemoteTask }
        It 'gives Get-RemoteTaskLog what it takes' { Assert-Pair Get-RemoteTask Get-RemoteTaskLog }
        It 'gives Get-RemoteTaskEvent what it takes' { Assert-Pair Get-RemoteTask Get-RemoteTaskEvent }
        It 'gives Save-RemoteTaskLog what it takes' { Assert-Pair Get-RemoteTask Save-RemoteTaskLog }
        It 'gives Remove-RemoteTaskWorkspace what it takes' { Assert-Pair Get-RemoteTask Remove-RemoteTaskWorkspace }
        It 'gives Invoke-RemoteTask what it takes' { Assert-Pair Get-RemoteTask Invoke-RemoteTask }
        It 'gives Test-DispatchHost what it takes' { Assert-Pair Get-RemoteTask Test-DispatchHost }
        It 'gives Get-DispatchHost what it takes' { Assert-Pair Get-RemoteTask Get-DispatchHost }
        It 'gives Get-RemoteTaskWorkspace what it takes' { Assert-Pair Get-RemoteTask Get-RemoteTaskWorkspace }
    }

    Context 'Wait-RemoteTask' {
        It 'gives Get-RemoteTask what it takes' { Assert-Pair Wait-RemoteTask Get-RemoteTask }
        It 'gives Wait-RemoteTask what it takes' { Assert-Pair Wait-RemoteTask Wait-RemoteTask }
        It 'gives Stop-RemoteTask what it takes' { Assert-Pair Wait-RemoteTask Stop-RemoteTask }
        It 'gives Get-RemoteTaskLog what it takes' { Assert-Pair Wait-RemoteTask Get-RemoteTaskLog }
        It 'gives Get-RemoteTaskEvent what it takes' { Assert-Pair Wait-RemoteTask Get-RemoteTaskEvent }
        It 'gives Save-RemoteTaskLog what it takes' { Assert-Pair Wait-RemoteTask Save-RemoteTaskLog }
        It 'gives Remove-RemoteTaskWorkspace what it takes' { Assert-Pair Wait-RemoteTask Remove-RemoteTaskWorkspace }
        It 'gives Invoke-RemoteTask what it takes' { Assert-Pair Wait-RemoteTask Invoke-RemoteTask }
        It 'gives Test-DispatchHost what it takes' { Assert-Pair Wait-RemoteTask Test-DispatchHost }
        It 'gives Get-DispatchHost what it takes' { Assert-Pair Wait-RemoteTask Get-DispatchHost }
        It 'gives Get-RemoteTaskWorkspace what it takes' { Assert-Pair Wait-RemoteTask Get-RemoteTaskWorkspace }
    }

    Context 'Stop-RemoteTask' {
        It 'gives Get-RemoteTask what it takes' { Assert-Pair Stop-RemoteTask Get-RemoteTask }
        It 'gives Wait-RemoteTask what it takes' { Assert-Pair Stop-RemoteTask Wait-RemoteTask }
        It 'gives Stop-RemoteTask what it takes' { Assert-Pair Stop-RemoteTask Stop-RemoteTask }
        It 'gives Get-RemoteTaskLog what it takes' { Assert-Pair Stop-RemoteTask Get-RemoteTaskLog }
        It 'gives Get-RemoteTaskEvent what it takes' { Assert-Pair Stop-RemoteTask Get-RemoteTaskEvent }
        It 'gives Save-RemoteTaskLog what it takes' { Assert-Pair Stop-RemoteTask Save-RemoteTaskLog }
        It 'gives Remove-RemoteTaskWorkspace what it takes' { Assert-Pair Stop-RemoteTask Remove-RemoteTaskWorkspace }
        It 'gives Invoke-RemoteTask what it takes' { Assert-Pair Stop-RemoteTask Invoke-RemoteTask }
        It 'gives Test-DispatchHost what it takes' { Assert-Pair Stop-RemoteTask Test-DispatchHost }
        It 'gives Get-DispatchHost what it takes' { Assert-Pair Stop-RemoteTask Get-DispatchHost }
        It 'gives Get-RemoteTaskWorkspace what it takes' { Assert-Pair Stop-RemoteTask Get-RemoteTaskWorkspace }
    }

    Context 'Get-RemoteTaskLog' {
        It 'gives Get-RemoteTask what it takes' { Assert-Pair Get-RemoteTaskLog Get-RemoteTask }
        It 'gives Wait-RemoteTask what it takes' { Assert-Pair Get-RemoteTaskLog Wait-RemoteTask }
        It 'gives Stop-RemoteTask what it takes' { Assert-Pair Get-RemoteTaskLog Stop-RemoteTask }
        It 'gives Get-RemoteTaskLog what it takes' { Assert-Pair Get-RemoteTaskLog Get-RemoteTaskLog }
        It 'gives Get-RemoteTaskEvent what it takes' { Assert-Pair Get-RemoteTaskLog Get-RemoteTaskEvent }
        It 'gives Save-RemoteTaskLog what it takes' { Assert-Pair Get-RemoteTaskLog Save-RemoteTaskLog }
        It 'gives Remove-RemoteTaskWorkspace what it takes' { Assert-Pair Get-RemoteTaskLog Remove-RemoteTaskWorkspace }
        It 'gives Invoke-RemoteTask what it takes' { Assert-Pair Get-RemoteTaskLog Invoke-RemoteTask }
        It 'gives Test-DispatchHost what it takes' { Assert-Pair Get-RemoteTaskLog Test-DispatchHost }
        It 'gives Get-DispatchHost what it takes' { Assert-Pair Get-RemoteTaskLog Get-DispatchHost }
        It 'gives Get-RemoteTaskWorkspace what it takes' { Assert-Pair Get-RemoteTaskLog Get-RemoteTaskWorkspace }
    }

    Context 'Get-RemoteTaskEvent' {
        It 'gives Get-RemoteTask what it takes' { Assert-Pair Get-RemoteTaskEvent Get-RemoteTask }
        It 'gives Wait-RemoteTask what it takes' { Assert-Pair Get-RemoteTaskEvent Wait-RemoteTask }
        It 'gives Stop-RemoteTask what it takes' { Assert-Pair Get-RemoteTaskEvent Stop-RemoteTask }
        It 'gives Get-RemoteTaskLog what it takes' { Assert-Pair Get-RemoteTaskEvent Get-RemoteTaskLog }
        It 'gives Get-RemoteTaskEvent what it takes' { Assert-Pair Get-RemoteTaskEvent Get-RemoteTaskEvent }
        It 'gives Save-RemoteTaskLog what it takes' { Assert-Pair Get-RemoteTaskEvent Save-RemoteTaskLog }
        It 'gives Remove-RemoteTaskWorkspace what it takes' { Assert-Pair Get-RemoteTaskEvent Remove-RemoteTaskWorkspace }
        It 'gives Invoke-RemoteTask what it takes' { Assert-Pair Get-RemoteTaskEvent Invoke-RemoteTask }
        It 'gives Test-DispatchHost what it takes' { Assert-Pair Get-RemoteTaskEvent Test-DispatchHost }
        It 'gives Get-DispatchHost what it takes' { Assert-Pair Get-RemoteTaskEvent Get-DispatchHost }
        It 'gives Get-RemoteTaskWorkspace what it takes' { Assert-Pair Get-RemoteTaskEvent Get-RemoteTaskWorkspace }
    }

    Context 'Send-RemoteTaskMessage' {
        It 'gives Get-RemoteTask what it takes' { Assert-Pair Send-RemoteTaskMessage Get-RemoteTask }
        It 'gives Wait-RemoteTask what it takes' { Assert-Pair Send-RemoteTaskMessage Wait-RemoteTask }
        It 'gives Stop-RemoteTask what it takes' { Assert-Pair Send-RemoteTaskMessage Stop-RemoteTask }
        It 'gives Get-RemoteTaskLog what it takes' { Assert-Pair Send-RemoteTaskMessage Get-RemoteTaskLog }
        It 'gives Get-RemoteTaskEvent what it takes' { Assert-Pair Send-RemoteTaskMessage Get-RemoteTaskEvent }
        It 'gives Save-RemoteTaskLog what it takes' { Assert-Pair Send-RemoteTaskMessage Save-RemoteTaskLog }
        It 'gives Remove-RemoteTaskWorkspace what it takes' { Assert-Pair Send-RemoteTaskMessage Remove-RemoteTaskWorkspace }
        It 'gives Invoke-RemoteTask what it takes' { Assert-Pair Send-RemoteTaskMessage Invoke-RemoteTask }
        It 'gives Test-DispatchHost what it takes' { Assert-Pair Send-RemoteTaskMessage Test-DispatchHost }
        It 'gives Get-DispatchHost what it takes' { Assert-Pair Send-RemoteTaskMessage Get-DispatchHost }
        It 'gives Get-RemoteTaskWorkspace what it takes' { Assert-Pair Send-RemoteTaskMessage Get-RemoteTaskWorkspace }
    }

    Context 'Get-RemoteTaskWorkspace' {
        It 'gives Get-RemoteTask what it takes' { Assert-Pair Get-RemoteTaskWorkspace Get-RemoteTask }
        It 'gives Wait-RemoteTask what it takes' { Assert-Pair Get-RemoteTaskWorkspace Wait-RemoteTask }
        It 'gives Stop-RemoteTask what it takes' { Assert-Pair Get-RemoteTaskWorkspace Stop-RemoteTask }
        It 'gives Get-RemoteTaskLog what it takes' { Assert-Pair Get-RemoteTaskWorkspace Get-RemoteTaskLog }
        It 'gives Get-RemoteTaskEvent what it takes' { Assert-Pair Get-RemoteTaskWorkspace Get-RemoteTaskEvent }
        It 'gives Save-RemoteTaskLog what it takes' { Assert-Pair Get-RemoteTaskWorkspace Save-RemoteTaskLog }
        It 'gives Get-RemoteTaskWorkspace what it takes' { Assert-Pair Get-RemoteTaskWorkspace Get-RemoteTaskWorkspace }
        It 'gives Remove-RemoteTaskWorkspace what it takes' { Assert-Pair Get-RemoteTaskWorkspace Remove-RemoteTaskWorkspace }
        It 'gives Invoke-RemoteTask what it takes' { Assert-Pair Get-RemoteTaskWorkspace Invoke-RemoteTask }
        It 'gives Test-DispatchHost what it takes' { Assert-Pair Get-RemoteTaskWorkspace Test-DispatchHost }
        It 'gives Get-DispatchHost what it takes' { Assert-Pair Get-RemoteTaskWorkspace Get-DispatchHost }
    }

    Context 'Remove-RemoteTaskWorkspace' {
        It 'gives Invoke-RemoteTask what it takes' { Assert-Pair Remove-RemoteTaskWorkspace Invoke-RemoteTask }
        It 'gives Test-DispatchHost what it takes' { Assert-Pair Remove-RemoteTaskWorkspace Test-DispatchHost }
        It 'gives Get-DispatchHost what it takes' { Assert-Pair Remove-RemoteTaskWorkspace Get-DispatchHost }
    }
}

Describe 'The matrix' {
    It 'leaves out only pairs whose first cmdlet has taken away what the second needs' {
        $here = Get-Content $PSCommandPath -Raw
        $said = [regex]::Matches($here, "(?m)\{ Assert-Pair (?<From>\S+) (?<To>\S+) \}").ForEach({ "$($_.Groups['From']) $($_.Groups['To'])" })
        $said | Group-Object | Where-Object Count -GT 1 | Should -BeNullOrEmpty
        $onHosts = $takes.Keys.Where({ $_ -match 'DispatchHost$|^(Invoke|Get)-RemoteTask$|^Get-RemoteTaskWorkspace$' })
        $onTasks = $takes.Keys.Where({ $_ -match 'RemoteTask' -or $_ -in 'Test-DispatchHost', 'Get-DispatchHost' })
        $all = foreach ($from in $emits.Keys) { foreach ($to in $from -match 'DispatchHost$' ? $onHosts : $onTasks) { "$from $to" } }
        $all | Where-Object { $_ -notin $said } | Where-Object { $_ -notmatch '^(Remove-DispatchHost (Get-RemoteTask(Workspace)?|(Get|Set|Remove)-DispatchHost)|Remove-RemoteTaskWorkspace (?!Invoke)\w+-RemoteTask\w*)$' } |
            Should -Be 'Test-DispatchHost Add-DispatchHost' -Because 'a result has no address of its own'
    }
}
